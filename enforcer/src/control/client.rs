//! Asks the daemon.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, bail};

use super::{Answer, Request, path};

/// A connection to the daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects; nothing where no daemon runs.
    pub fn connect() -> anyhow::Result<Option<Self>> {
        let path = path();
        match UnixStream::connect(&path) {
            Ok(stream) => Ok(Some(Client { stream: BufReader::new(stream) })),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                bail!("only the user that runs enforcer (root) may ask at {}; use sudo", path.display())
            }
            Err(error) => Err(error).with_context(|| format!("cannot connect to {}", path.display())),
        }
    }

    /// Connects; an error where no daemon runs.
    pub fn require() -> anyhow::Result<Self> {
        match Client::connect()? {
            Some(client) => Ok(client),
            None => bail!(
                "no enforcer runs here (nobody listens at {}); start it with `enforcer run --policy PATH`, or point {} at its \
                 folder",
                path().display(),
                super::RUN_DIR
            ),
        }
    }

    /// Sends a request.
    pub fn send(&mut self, request: &Request) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        let stream = self.stream.get_mut();
        stream.write_all(line.as_bytes()).context("cannot ask the daemon")
    }

    /// The next answer; nothing once the daemon has said everything.
    pub fn next_answer(&mut self) -> anyhow::Result<Option<Answer>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).context("the daemon stopped answering")? == 0 {
            return Ok(None);
        }
        let answer =
            serde_json::from_str(&line).context("the daemon answers in words that this version does not know")?;
        Ok(Some(answer))
    }

    /// Sends a request that has one answer, and gives that.
    pub fn ask(&mut self, request: &Request) -> anyhow::Result<Answer> {
        self.send(request)?;
        self.next_answer()?.context("the daemon ended before it answered; its log says why")
    }
}
