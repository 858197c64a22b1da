//! Why a file gave no pages, for programs and for people.

use thiserror::Error;

use super::kind::FileKind;

/// Why a file could not be decoded.
///
/// The text of the error is for logs. [`DecodeError::reason`] is for the person who scanned or
/// uploaded the file. Neither contains anything from inside the document.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The file has no bytes, or the document has no pages. Do not retry.
    #[error("file is empty: {0}")]
    Empty(String),
    /// Not a format, or a variant of one, that can be read. Do not retry.
    #[error("file type cannot be read: {message}")]
    UnknownType {
        /// What the content looks like.
        looks_like: FileKind,
        /// What the decoder says.
        message: String,
    },
    /// The file is broken or cut off, or it crashed the decoder. Do not retry.
    #[error("file is damaged: {0}")]
    Damaged(String),
    /// The document is encrypted. Do not retry.
    #[error("document needs a password")]
    PasswordProtected,
    /// More bytes or pixels than allowed. Do not retry.
    #[error("file is too large: {0}")]
    TooLarge(String),
    /// More pages than allowed. Do not retry.
    #[error("document has more than {max} pages")]
    TooManyPages {
        /// The limit.
        max: u32,
    },
    /// The decoder needed more memory than it may have. Do not retry.
    #[error("decoder ran out of memory")]
    OutOfMemory,
    /// The decoder used up its processor time, or it did not answer in time. Retry only in the
    /// second case: then the machine may have been overloaded.
    #[error("decoder took too long")]
    TimedOut {
        /// Whether it was waiting, not work, that took too long.
        waiting: bool,
    },
    /// The kernel killed the decoder because the file made it try something forbidden: treat the
    /// file as an attack. Do not retry.
    #[error("decoder tried something forbidden while reading the file")]
    Forbidden,
    /// The decoder was killed from outside, by an operator or because the machine had no memory
    /// left. Retry.
    #[error("decoder was killed")]
    Killed,
    /// The decoder could not be started. Retry; if it stays, the installation is incomplete.
    #[error("decoder cannot be started: {0}")]
    NotStarted(String),
}

impl DecodeError {
    /// The short name stored with the document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            DecodeError::Empty(_) => "empty",
            DecodeError::UnknownType { .. } => "unknown_type",
            DecodeError::Damaged(_) | DecodeError::Forbidden => "damaged",
            DecodeError::PasswordProtected => "password_protected",
            DecodeError::TooLarge(_) => "too_large",
            DecodeError::TooManyPages { .. } => "too_many_pages",
            DecodeError::OutOfMemory => "out_of_memory",
            DecodeError::TimedOut { .. } => "timed_out",
            DecodeError::Killed => "killed",
            DecodeError::NotStarted(_) => "decoder_not_started",
        }
    }

    /// Whether the same file may well decode at another time.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            DecodeError::Killed
                | DecodeError::NotStarted(_)
                | DecodeError::TimedOut { waiting: true }
        )
    }

    /// What happened and what to do, for reception staff.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            DecodeError::Empty(_) => {
                "This file is empty. The scanner may have been interrupted: scan the form again."
                    .into()
            }
            DecodeError::UnknownType { looks_like, .. } => looks_like.advice().into(),
            DecodeError::Damaged(_) => "This file is damaged or incomplete and cannot be opened. \
                Scan the form again."
                .into(),
            DecodeError::PasswordProtected => "This PDF needs a password. Save it without one and \
                scan or upload it again."
                .into(),
            DecodeError::TooLarge(_) => "This file is too large. Scan one form at a time at 300 \
                dots per inch, then upload it again."
                .into(),
            DecodeError::TooManyPages { max } => format!(
                "This file has more than {max} pages. Split it into smaller files, for example \
                 one form each, and upload them again."
            ),
            DecodeError::OutOfMemory | DecodeError::Forbidden => "This file could not be opened \
                safely, so it was set aside. Scan the paper form again; do not send this file on."
                .into(),
            DecodeError::TimedOut { .. } => "This file took too long to open. Scan the form again \
                at 300 dots per inch."
                .into(),
            DecodeError::Killed | DecodeError::NotStarted(_) => "The system could not open this \
                file just now. It will try again by itself; you need not do anything."
                .into(),
        }
    }
}
