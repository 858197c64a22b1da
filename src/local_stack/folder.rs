//! The folder that holds a local stack: data, logs, ports and secrets, and the lock that only one stack may hold.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, Permissions},
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::fcntl::{Flock, FlockArg};
use rand::{Rng, RngCore};

use super::StackError;

/// Ports are chosen from below the range that the kernel gives to outgoing connections (from 32768 on), so that no
/// passing connection sits on one when the stack starts again.
const PORTS: std::ops::Range<u16> = 18_000..32_000;

/// A locked stack folder.
#[derive(Debug)]
pub(super) struct StackFolder {
    path: PathBuf,
    _lock: Flock<File>,
}

impl StackFolder {
    /// Makes the folder where it is missing and locks it for this process.
    ///
    /// # Errors
    /// [`StackError::InUse`] when another process holds the lock; the lock ends with its process.
    pub(super) fn open(path: &Path) -> Result<Self, StackError> {
        // Servers that run as another user must be able to pass through, not to list.
        make_folder(path, 0o711)?;
        let path = path
            .canonicalize()
            .map_err(StackError::folder("find", path))?;
        for (name, mode) in [("secrets", 0o700), ("log", 0o711), ("objects", 0o700)] {
            make_folder(&path.join(name), mode)?;
        }
        let lock_file = path.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_file)
            .map_err(StackError::folder("open", &lock_file))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                lock.set_len(0)
                    .and_then(|()| write!(lock, "{}", std::process::id()))
                    .map_err(StackError::folder("write", &lock_file))?;
                Ok(Self { path, _lock: lock })
            }
            Err(_) => Err(StackError::InUse(path)),
        }
    }

    /// The process that holds the lock of the stack in `path`, if one does.
    pub(super) fn holder(path: &Path) -> Option<i32> {
        let mut file = File::open(path.join("lock")).ok()?;
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(_) => None,
            Err(_) => text.trim().parse().ok(),
        }
    }

    /// Whether a stack was ever started in `path`.
    pub(super) fn is_one(path: &Path) -> bool {
        path.join("lock").is_file() && path.join("secrets").is_dir()
    }

    /// Absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder within.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The secret `name`, 32 random bytes in hexadecimal, made at first use and readable by its owner only.
    pub(super) fn secret(&self, name: &str) -> Result<String, StackError> {
        let path = self.secret_path(name);
        if !path.exists() {
            let mut bytes = [0_u8; 32];
            rand::rng().fill_bytes(&mut bytes);
            let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            write_private(&path, text.as_bytes())?;
        }
        let text = fs::read_to_string(&path).map_err(StackError::folder("read", &path))?;
        Ok(text.trim().to_owned())
    }

    /// Where the secret `name` is kept.
    pub(super) fn secret_path(&self, name: &str) -> PathBuf {
        self.path.join("secrets").join(name)
    }

    /// Ports for `names`: those of the last time where they are still free, else new ones.
    pub(super) fn ports(
        &self,
        names: &[(&str, Option<u16>)],
    ) -> Result<BTreeMap<String, u16>, StackError> {
        let path = self.path.join("ports.toml");
        let last: BTreeMap<String, u16> = fs::read_to_string(&path)
            .ok()
            .and_then(|text| toml::from_str(&text).ok())
            .unwrap_or_default();
        // All listeners stay open until every port is chosen, so that no port is chosen twice.
        let mut held = Vec::new();
        let mut chosen = BTreeMap::new();
        for (name, preferred) in names {
            let listener = last
                .get(*name)
                .copied()
                .or(*preferred)
                .and_then(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
                .map_or_else(free_port, Ok)
                .map_err(StackError::NoFreePort)?;
            let port = listener
                .local_addr()
                .map_err(StackError::NoFreePort)?
                .port();
            chosen.insert((*name).to_owned(), port);
            held.push(listener);
        }
        let text = toml::to_string(&chosen).unwrap_or_default();
        fs::write(&path, text).map_err(StackError::folder("write", &path))?;
        Ok(chosen)
    }
}

fn free_port() -> std::io::Result<TcpListener> {
    let mut random = rand::rng();
    (0..200)
        .map(|_| random.random_range(PORTS))
        .find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Ok)
}

/// Makes a folder with the given mode; one that exists keeps its own.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<(), StackError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(StackError::folder("make the folder", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(StackError::folder("set the mode of", path))
}

/// Writes a file that only its owner may read, replacing what is there.
pub(super) fn write_private(path: &Path, contents: &[u8]) -> Result<(), StackError> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(StackError::folder("write", path))?;
    file.write_all(contents)
        .map_err(StackError::folder("write", path))
}
