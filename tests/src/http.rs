//! The smallest HTTP client that a scrape needs.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::exchange::tcp_connect;
use crate::namespace::Namespace;

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// No answer of the lab is longer.
const LONGEST: u64 = 16 << 20;

/// The body of `http://<at><path>`, asked from inside a namespace; an error for any status but 200.
pub fn get(from: &Namespace, at: SocketAddr, path: &str) -> Result<String> {
    let own = match at {
        SocketAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
        SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
    };
    let stream = from.inside(|| tcp_connect(own, at, PATIENCE))?;
    let mut stream = stream.with_context(|| format!("nothing listens at {at}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the answer ends with the connection, and is not chunked.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {at}\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream
        .take(LONGEST)
        .read_to_string(&mut answer)
        .with_context(|| format!("http://{at}{path} did not answer to the end"))?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        bail!("http://{at}{path} answered with no HTTP header");
    };
    let status = head.lines().next().unwrap_or_default();
    if status.split_whitespace().nth(1) != Some("200") {
        bail!("http://{at}{path}: {status}\n{body}");
    }
    Ok(body.to_owned())
}
