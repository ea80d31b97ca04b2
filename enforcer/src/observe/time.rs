//! Times as people and JSON read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, with microseconds.
pub fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64 / 1e6
}

/// The wall clock's time of an instant of the monotonic clock, both in nanoseconds; `now` is both clocks now.
pub fn wall(monotonic: u64, now: (u64, SystemTime)) -> SystemTime {
    let ago = Duration::from_nanos(now.0.saturating_sub(monotonic));
    now.1.checked_sub(ago).unwrap_or(UNIX_EPOCH)
}

/// `2026-11-23T15:04:05.123Z` of seconds since 1970.
pub fn rfc3339(seconds: f64) -> String {
    let milliseconds = (seconds * 1000.0).round().max(0.0) as u64;
    let (whole, fraction) = (milliseconds / 1000, milliseconds % 1000);
    let (days, rest) = (whole / 86_400, whole % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
}

/// Year, month and day of a number of days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(rfc3339(0.0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_827_696.5), "2000-02-29T12:34:56.500Z");
        assert_eq!(rfc3339(1_795_446_245.123), "2026-11-23T15:04:05.123Z");
    }

    #[test]
    fn the_wall_clock_of_an_event() {
        let now = (5_000_000_000, UNIX_EPOCH + Duration::from_secs(100));
        assert_eq!(seconds(wall(3_500_000_000, now)), 98.5);
        assert_eq!(seconds(wall(6_000_000_000, now)), 100.0);
    }
}
