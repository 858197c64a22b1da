//! The S3 server of the local stack: s3s-fs over a folder, inside this process, announcing every new object the
//! way AWS, Ceph RGW and RustFS do. For local use only: it has no versions, no quotas and no encryption.

mod announced;
mod notice;

use std::{net::Ipv4Addr, path::Path, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinSet};

use self::{announced::Announced, notice::Notices};
use super::StackError;
use crate::{config, lifecycle::Shutdown};

/// How long open connections may finish what they are doing when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Serves `folder` on `port` of the loopback interface until `shutdown`, with the keys and the limit on the size of
/// objects from `config`.
///
/// A notice that the broker at `broker_url` does not take is dropped: the put has succeeded, and the sweep of the
/// intake finds the object.
pub(super) async fn start(
    folder: &Path,
    port: u16,
    config: &config::Objects,
    broker_url: &str,
    shutdown: Shutdown,
) -> Result<(), StackError> {
    let failed = |problem: String| StackError::NotStarted {
        server: "the S3 server",
        problem,
        log: folder.to_owned(),
    };
    let files = FileSystem::new(folder).map_err(|error| failed(format!("{error:?}")))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| failed(error.to_string()))?;
    let notices = Notices::to(broker_url);
    let store = Announced::new(files, notices.sender(), config.max_bytes);
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(SimpleAuth::from_single(
        config.access_key.as_str(),
        config.secret_key.expose_secret(),
    ));
    let service = service.build();
    let stopping = shutdown.clone();
    shutdown.spawn(async move {
        serve(listener, service, stopping).await;
        notices.finish().await;
    });
    Ok(())
}

async fn serve(listener: TcpListener, service: S3Service, stopping: Shutdown) {
    let server = auto::Builder::new(TokioExecutor::new());
    let connections = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(%error, "connection to the S3 server was not accepted");
                    // Out of file descriptors, most likely: those in use need time to close.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = stopping.triggered() => break,
        };
        while tasks.try_join_next().is_some() {}
        let connection = server
            .serve_connection(TokioIo::new(socket), service.clone())
            .into_owned();
        let connection = connections.watch(connection);
        // A client that breaks off is its own affair.
        tasks.spawn(async move { drop(connection.await) });
    }
    if tokio::time::timeout(STOP_LIMIT, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("connections to the S3 server were still busy when it stopped");
    }
    tasks.shutdown().await;
}
