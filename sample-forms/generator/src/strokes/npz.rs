//! Arrays out of a NumPy archive: a ZIP file with one `NAME.npy` per array.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use npyz::{Deserialize, NpyFile};
use zip::ZipArchive;

/// An open archive.
pub struct Arrays {
    archive: ZipArchive<File>,
    name: String,
}

impl Arrays {
    /// Opens an archive.
    ///
    /// # Errors
    /// Fails (for good) when the file is missing or no ZIP archive.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let archive =
            ZipArchive::new(file).with_context(|| format!("{name} is no NumPy archive"))?;
        Ok(Self { archive, name })
    }

    fn bytes(&mut self, array: &str) -> anyhow::Result<Vec<u8>> {
        let mut entry = self
            .archive
            .by_name(&format!("{array}.npy"))
            .with_context(|| format!("{} holds no array {array}", self.name))?;
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .with_context(|| format!("{array} of {} is damaged", self.name))?;
        Ok(bytes)
    }

    /// All elements of an array in row-major order.
    ///
    /// # Errors
    /// Fails (for good) when there is no such array, or its elements are of another type.
    pub fn read<T: Deserialize>(&mut self, array: &str) -> anyhow::Result<Vec<T>> {
        let bytes = self.bytes(array)?;
        elements(&bytes, array)
    }

    /// All elements of an array of small whole numbers, 8 or 16 bits each.
    ///
    /// # Errors
    /// As [`Arrays::read`].
    pub fn read_small(&mut self, array: &str) -> anyhow::Result<Vec<u16>> {
        let bytes = self.bytes(array)?;
        if let Ok(narrow) = elements::<u8>(&bytes, array) {
            return Ok(narrow.into_iter().map(u16::from).collect());
        }
        elements(&bytes, array)
    }
}

fn elements<T: Deserialize>(bytes: &[u8], array: &str) -> anyhow::Result<Vec<T>> {
    let npy = NpyFile::new(bytes).with_context(|| format!("{array} is no NumPy array"))?;
    if npy.order() != npyz::Order::C && npy.shape().len() > 1 {
        bail!("{array} is stored column by column");
    }
    npy.into_vec()
        .with_context(|| format!("{array} holds elements of another type"))
}
