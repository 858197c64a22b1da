//! What can be wrong with a file, in the words of the protocol.

use std::fmt;

/// The code of a failure. The client adds two of its own (out of memory, timed out), because the
/// child cannot report how it died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// No bytes at all, or a document without pages.
    Empty,
    /// Not PDF, TIFF, JPEG or PNG, or a variant of them that cannot be read.
    UnknownType,
    /// The right type, but broken or cut off.
    Damaged,
    /// Encrypted with a password.
    PasswordProtected,
    /// More bytes, pixels or area than allowed.
    TooLarge,
    /// More pages than allowed.
    TooManyPages,
}

impl Code {
    /// The name used in the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Code::Empty => "empty",
            Code::UnknownType => "unknown_type",
            Code::Damaged => "damaged",
            Code::PasswordProtected => "password_protected",
            Code::TooLarge => "too_large",
            Code::TooManyPages => "too_many_pages",
        }
    }
}

/// Why a file cannot be turned into pages. The message is for an operator's log: it names structures
/// and sizes, never content of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub code: Code,
    /// One fragment in lower case.
    pub message: String,
}

impl Failure {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Code::Empty, "the file has no bytes")
    }

    /// A document without a single page.
    #[must_use]
    pub fn no_pages() -> Self {
        Self::new(Code::Empty, "the document has no pages")
    }

    /// Not a type or variant that can be read.
    #[must_use]
    pub fn unknown_type(message: impl Into<String>) -> Self {
        Self::new(Code::UnknownType, message)
    }

    /// Broken or cut off.
    #[must_use]
    pub fn damaged(message: impl Into<String>) -> Self {
        Self::new(Code::Damaged, message)
    }

    /// Encrypted.
    #[must_use]
    pub fn password_protected() -> Self {
        Self::new(Code::PasswordProtected, "the document needs a password")
    }

    /// Above a limit on size.
    #[must_use]
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(Code::TooLarge, message)
    }

    /// Above the limit on pages.
    #[must_use]
    pub fn too_many_pages(max: u32) -> Self {
        Self::new(
            Code::TooManyPages,
            format!("the document has more than {max} pages"),
        )
    }

    /// The image has too many pixels.
    #[must_use]
    pub fn too_many_pixels(width: u32, height: u32) -> Self {
        Self::too_large(format!("an image of {width} x {height} pixels"))
    }

    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for Failure {}
