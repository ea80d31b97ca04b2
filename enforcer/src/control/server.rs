//! Listens for requests, and hands them to the daemon's main loop.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingStream;
use std::sync::Arc;

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Answer, Request, folder, path};
use crate::observe::sample::Sample;

/// What the main loop answers.
#[derive(Debug)]
pub enum Reply {
    /// One answer.
    One(Answer),
    /// Samples, and those to come where they were asked for.
    Samples(Vec<Arc<Sample>>, Option<broadcast::Receiver<Arc<Sample>>>),
}

/// A request with where its reply goes.
pub type Ask = (Request, oneshot::Sender<Reply>);

/// The longest request that is read.
const LONGEST: u64 = 4096;

/// The socket, taken: one daemon listens on it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    // Held while the daemon lives: a lock goes with its process, whatever becomes of it.
    _lock: Flock<File>,
}

impl Socket {
    /// Takes the socket; an error where another daemon has it. Inside a tokio runtime.
    pub fn take() -> anyhow::Result<Self> {
        let folder = folder();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let path = path();
        let in_use = || {
            anyhow::anyhow!(
                "another enforcer already runs here (it holds {}); ask it with `enforcer status`, or give this one a folder \
                 of its own by {} and a name by {}",
                path.display(),
                super::RUN_DIR,
                crate::dataplane::bpffs::INSTANCE
            )
        };
        let lock = folder.join("enforcer.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock)
            .with_context(|| format!("cannot open {}", lock.display()))?;
        let lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => return Err(in_use()),
            Err((_, error)) => bail!("cannot lock {}: {error}", lock.display()),
        };
        if BlockingStream::connect(&path).is_ok() {
            return Err(in_use());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove the stale {}", path.display()));
            }
            _ => {}
        }
        let listener = bind_private(&path).with_context(|| format!("cannot listen at {}", path.display()))?;
        Ok(Socket { listener, _lock: lock })
    }

    /// Answers requests until the main loop is gone.
    pub async fn serve(self, asks: mpsc::Sender<Ask>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let asks = asks.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, asks).await {
                            tracing::debug!("control socket: {error}");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!("control socket: {error}");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// Binds the socket so that nobody else can connect, not even for a moment.
fn bind_private(path: &std::path::Path) -> io::Result<UnixListener> {
    use nix::sys::stat::{Mode, umask};
    let before = umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(path);
    umask(before);
    let listener = bound?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn answer(stream: UnixStream, asks: mpsc::Sender<Ask>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        if (&mut reader).take(LONGEST).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let request: Request = match serde_json::from_str(&line) {
            Ok(request) => request,
            Err(error) => {
                write(&mut writer, &Answer::Refused(format!("no such request: {error}"))).await?;
                return Ok(());
            }
        };
        let (reply, replied) = oneshot::channel();
        if asks.send((request, reply)).await.is_err() {
            return Ok(());
        }
        match replied.await {
            Ok(Reply::One(answer)) => write(&mut writer, &answer).await?,
            Ok(Reply::Samples(samples, more)) => {
                for sample in samples {
                    write(&mut writer, &sample_answer(&sample)?).await?;
                }
                if let Some(more) = more {
                    follow(&mut reader, &mut writer, more).await?;
                }
                // Samples end with the connection.
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
    }
}

/// Passes on samples until the client hangs up or the daemon ends.
async fn follow(
    reader: &mut (impl AsyncReadExt + Unpin),
    writer: &mut (impl AsyncWriteExt + Unpin),
    mut more: broadcast::Receiver<Arc<Sample>>,
) -> io::Result<()> {
    let mut byte = [0u8; 1];
    loop {
        tokio::select! {
            sample = more.recv() => match sample {
                Ok(sample) => write(writer, &sample_answer(&sample)?).await?,
                // A slow reader misses some; the counters have them all.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            read = reader.read(&mut byte) => if read? == 0 { return Ok(()) },
        }
    }
}

fn sample_answer(sample: &Sample) -> io::Result<Answer> {
    Ok(Answer::Ok(serde_json::to_value(sample)?))
}

async fn write(writer: &mut (impl AsyncWriteExt + Unpin), answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    writer.write_all(&line).await
}
