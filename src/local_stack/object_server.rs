//! The S3 server of the local stack: s3s-fs over a folder, inside this process, announcing every new object the
//! way AWS, Ceph RGW and RustFS do. For local use only: it has no versions, no quotas and no encryption.

mod announced;
mod notice;

use std::{net::Ipv4Addr, path::Path, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use self::{announced::Announced, notice::Notices};
use super::StackError;
use crate::lifecycle::Shutdown;

/// Serves `folder` on `port` of the loopback interface until `shutdown`.
///
/// A notice that the broker does not take is dropped: the put has succeeded, and the sweep of the intake finds
/// the object.
pub(super) async fn start(
    folder: &Path,
    port: u16,
    access_key: &str,
    secret_key: &str,
    broker_url: String,
    shutdown: Shutdown,
) -> Result<(), StackError> {
    let log = folder.to_owned();
    let failed = |problem: String| StackError::NotStarted {
        server: "the S3 server",
        problem,
        log: log.clone(),
    };
    let files = FileSystem::new(folder).map_err(|error| failed(format!("{error:?}")))?;
    let mut builder = S3ServiceBuilder::new(Announced::new(files, Notices::new(broker_url)));
    builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
    let service = builder.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| failed(error.to_string()))?;

    let stopping = shutdown.clone();
    shutdown.spawn(async move {
        let server = auto::Builder::new(TokioExecutor::new());
        let connections = GracefulShutdown::new();
        loop {
            let socket = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((socket, _)) => socket,
                    Err(error) => {
                        tracing::warn!(%error, "connection to the S3 server was not accepted");
                        continue;
                    }
                },
                () = stopping.triggered() => break,
            };
            let connection = server
                .serve_connection(TokioIo::new(socket), service.clone())
                .into_owned();
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                let _ = connection.await;
            });
        }
        let _ = tokio::time::timeout(Duration::from_secs(3), connections.shutdown()).await;
    });
    Ok(())
}
