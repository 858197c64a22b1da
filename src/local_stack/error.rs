//! Why the local stack could not start, with the remedy.

use std::path::PathBuf;

/// The local stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file or folder of the stack could not be made or read.
    #[error("cannot {action} {}", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another `enrol run` or `enrol up` uses the folder.
    #[error(
        "another enrol is running on {}: stop it with `enrol down`, or choose another folder with --folder",
        .0.display()
    )]
    InUse(PathBuf),
    /// A folder that is to be stopped or erased holds no stack.
    #[error("{} holds no local stack, so nothing was changed", .0.display())]
    NotOurs(PathBuf),
    /// A program of the operating system is missing.
    #[error(
        "{program} was not found: install the Debian package {package} (`make packages` installs all that is missing)"
    )]
    NotInstalled {
        /// Program or folder looked for.
        program: &'static str,
        /// Debian package that has it.
        package: &'static str,
    },
    /// The data are of a version of PostgreSQL that is not installed.
    #[error(
        "the data in {} are of PostgreSQL {version}: install the package postgresql-{version}, or remove the data with \
         `enrol down --erase`",
        data.display()
    )]
    OtherVersion {
        /// The data.
        data: PathBuf,
        /// Major version that wrote them.
        version: String,
    },
    /// A server ended, or did not answer in time.
    #[error("{server} did not start: {problem}; its log is {}", log.display())]
    NotStarted {
        /// Which server.
        server: &'static str,
        /// What happened.
        problem: String,
        /// Where to look.
        log: PathBuf,
    },
    /// No free port on the loopback interface.
    #[error("no free port on 127.0.0.1")]
    NoFreePort(#[source] std::io::Error),
    /// The database could not be prepared.
    #[error("the database could not be prepared")]
    Database(#[from] crate::storage::StorageError),
    /// The bucket could not be made.
    #[error("the bucket could not be made")]
    Bucket(#[from] crate::objects::ObjectError),
}

impl StackError {
    /// For `map_err`: `action` on `path` failed.
    pub(super) fn folder(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Folder {
            action,
            path,
            source,
        }
    }
}
