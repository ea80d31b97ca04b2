//! Reads the ring buffer of events and keeps the latest samples.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use aya::maps::{MapData, RingBuf};
use enforcer_common::event::Event;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::broadcast;

use super::sample::{self, Context, Sample};
use crate::compile::image::Names;
use crate::dataplane::netlink::Interfaces;
use crate::dataplane::sys;

/// Samples that are kept.
const KEPT: usize = 1024;
/// Generations whose names are kept: an event may be read after the next switch.
const GENERATIONS: usize = 8;

/// The ring buffer, ready to wait on.
#[allow(missing_debug_implementations, reason = "aya's ring buffer has none")]
pub struct Ring {
    ring: AsyncFd<RingBuf<MapData>>,
}

impl Ring {
    /// Waits on the map `EVENTS`; inside a tokio runtime.
    pub fn new(ring: RingBuf<MapData>) -> io::Result<Self> {
        // SAFETY: the ring owns its descriptor and gives the same one until it is dropped, which is after it is taken off the
        // reactor: both happen when the `AsyncFd` goes.
        let ring = unsafe { AsyncFd::register_with_interest(ring, Interest::READABLE) }?;
        Ok(Ring { ring })
    }

    /// Waits for events and gives all that there are. Safe to give up in between: nothing is lost.
    pub async fn read(&mut self) -> io::Result<Vec<Event>> {
        let mut guard = self.ring.readable_mut().await?;
        let ring = guard.get_inner_mut();
        let mut events = Vec::new();
        while let Some(item) = ring.next() {
            events.extend(sample::event_of(&item));
        }
        guard.clear_ready();
        Ok(events)
    }
}

/// The latest samples, and whoever listens for more.
#[derive(Debug)]
pub struct Log {
    samples: VecDeque<Arc<Sample>>,
    names: VecDeque<(u32, Arc<Names>)>,
    listeners: broadcast::Sender<Arc<Sample>>,
}

impl Default for Log {
    fn default() -> Self {
        Log { samples: VecDeque::with_capacity(KEPT), names: VecDeque::new(), listeners: broadcast::Sender::new(KEPT) }
    }
}

impl Log {
    /// Keeps the names of a generation for its events.
    pub fn learn(&mut self, generation: u32, names: Arc<Names>) {
        if self.names.len() == GENERATIONS {
            self.names.pop_front();
        }
        self.names.push_back((generation, names));
    }

    /// Puts events into words. Drops are kept; connections that rules want told go to the log.
    pub fn add(&mut self, events: &[Event], interfaces: &Interfaces) {
        let now = (sys::monotonic(), SystemTime::now());
        for event in events {
            let names = self.names.iter().find(|(generation, _)| *generation == event.generation);
            let interface = interfaces.by_index(event.ifindex);
            let context = Context {
                names: names.map(|(_, names)| &**names),
                interface: interface.map(|link| link.name.as_str()),
                ip: interface.is_some_and(|link| !link.ethernet),
                now,
            };
            let sample = Sample::new(event, &context);
            if !sample::is_drop(event) {
                tracing::info!("opened: {sample}");
                continue;
            }
            let sample = Arc::new(sample);
            if self.samples.len() == KEPT {
                self.samples.pop_front();
            }
            self.samples.push_back(Arc::clone(&sample));
            // That nobody listens is no error.
            let _ = self.listeners.send(sample);
        }
    }

    /// The kept samples, oldest first.
    pub fn samples(&self) -> impl Iterator<Item = &Arc<Sample>> {
        self.samples.iter()
    }

    /// The samples from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Sample>> {
        self.listeners.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use enforcer_common::event::what;

    use super::*;
    use crate::observe::sample::NO_EVENT;

    #[test]
    fn the_latest_are_kept() {
        let mut log = Log::default();
        let mut listener = log.listen();
        let events: Vec<Event> = (0..1500).map(|length| Event { length, ..NO_EVENT }).collect();
        log.add(&events, &Interfaces::default());
        log.add(&[Event { what: what::OPENED, ..NO_EVENT }], &Interfaces::default());
        assert_eq!(log.samples().count(), KEPT);
        assert_eq!(log.samples().next().unwrap().length, 1500 - KEPT as u32);
        assert!(matches!(listener.try_recv(), Err(broadcast::error::TryRecvError::Lagged(_))));
        assert_eq!(listener.try_recv().unwrap().length, 1500 - KEPT as u32);
    }

    #[test]
    fn names_are_those_of_the_generation() {
        let mut log = Log::default();
        for generation in 1..=10 {
            let zones = vec![String::new(), format!("zone of {generation}")];
            let names = Names { zones, ..Names::default() };
            log.learn(generation, Arc::new(names));
        }
        let from = |generation| Event { generation, from: 1, ..NO_EVENT };
        log.add(&[from(1), from(9)], &Interfaces::default());
        let from: Vec<_> = log.samples().map(|sample| sample.from.as_deref()).collect();
        assert_eq!(from, [None, Some("zone of 9")]);
    }
}
