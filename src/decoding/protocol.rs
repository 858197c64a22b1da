//! Reading what the decoder writes. The decoder has handled hostile bytes, so nothing it says is
//! believed: sizes are checked against the limits before memory is allocated.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use thiserror::Error;

use super::DecodeLimits;

/// Longest line the decoder may write.
const MAX_LINE: u64 = 4096;

/// Longest message kept from the decoder, in characters.
const MAX_MESSAGE: usize = 200;

/// A decoded page. `grey` holds `width * height` bytes, row by row from the top left, 0 black and 255
/// white; pixel centres are at +0.5.
#[derive(Clone, PartialEq)]
pub struct DecodedPage {
    /// Counted from 1.
    pub number: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Dots per inch, where the file states them believably. Pixels are square.
    pub dpi: Option<f64>,
    /// The format: `pdf`, `tiff`, `jpeg` or `png`.
    pub source: String,
    /// The pixels.
    pub grey: Vec<u8>,
}

impl std::fmt::Debug for DecodedPage {
    /// Leaves the pixels out: they are somebody's form.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecodedPage")
            .field("number", &self.number)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("dpi", &self.dpi)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// What a whole document cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecodeSummary {
    /// Pages in the document, whether asked for or not.
    pub pages: u32,
    /// The most resident memory the decoder was seen to have had when it handed over its pages, in KiB.
    pub peak_memory_kib: u64,
    /// Processor time of the decoder, in milliseconds.
    pub cpu_millis: u64,
}

/// One thing the decoder said.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    Page(DecodedPage),
    End(DecodeSummary),
    Failure { code: String, message: String },
}

/// What the decoder said cannot be accepted.
#[derive(Debug, Error)]
pub(super) enum ProtocolError {
    #[error("decoder ended before it was finished")]
    Ended,
    #[error("decoder wrote nonsense: {0}")]
    Nonsense(&'static str),
    #[error("cannot read from the decoder")]
    Io(#[from] io::Error),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Page(PageLine),
    End(EndLine),
    Failure { error: FailureBody },
}

#[derive(Deserialize)]
struct PageLine {
    page: u32,
    width: u32,
    height: u32,
    dpi: Option<f64>,
    source: String,
    bytes: u64,
}

#[derive(Deserialize)]
struct EndLine {
    end: bool,
    pages: u32,
    #[serde(default)]
    cpu_ms: u64,
}

#[derive(Deserialize)]
struct FailureBody {
    code: String,
    message: String,
}

/// Reads messages one after the other.
pub(super) struct MessageReader<'l, R> {
    from: R,
    limits: &'l DecodeLimits,
    last_page: u32,
    total_pixels: u64,
}

impl<'l, R: BufRead> MessageReader<'l, R> {
    pub(super) fn new(from: R, limits: &'l DecodeLimits) -> Self {
        Self {
            from,
            limits,
            last_page: 0,
            total_pixels: 0,
        }
    }

    /// Where the messages come from.
    pub(super) fn source(&mut self) -> &mut R {
        &mut self.from
    }

    /// The next message. After `End` and `Failure` there is none.
    pub(super) fn next(&mut self) -> Result<Message, ProtocolError> {
        let mut line = Vec::new();
        (&mut self.from)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(ProtocolError::Ended);
        }
        if line.pop() != Some(b'\n') {
            return Err(if line.len() as u64 + 1 >= MAX_LINE {
                ProtocolError::Nonsense("a line without end")
            } else {
                ProtocolError::Ended
            });
        }
        match serde_json::from_slice(&line) {
            Ok(Line::Page(page)) => self.page(page).map(Message::Page),
            Ok(Line::End(end)) if end.end => Ok(Message::End(DecodeSummary {
                pages: end.pages,
                peak_memory_kib: 0,
                cpu_millis: end.cpu_ms,
            })),
            Ok(Line::End(_)) => Err(ProtocolError::Nonsense("an end that is none")),
            Ok(Line::Failure { error }) => Ok(Message::Failure {
                code: harmless(&error.code),
                message: harmless(&error.message),
            }),
            Err(_) => Err(ProtocolError::Nonsense("not a known line")),
        }
    }

    fn page(&mut self, line: PageLine) -> Result<DecodedPage, ProtocolError> {
        let nonsense = ProtocolError::Nonsense;
        let pixels = u64::from(line.width) * u64::from(line.height);
        if pixels == 0 || pixels != line.bytes {
            return Err(nonsense("a page whose size does not fit its bytes"));
        }
        if pixels > self.limits.max_pixels {
            return Err(nonsense("a page above the limit"));
        }
        self.total_pixels = self.total_pixels.saturating_add(pixels);
        if self.total_pixels > self.limits.max_total_pixels {
            return Err(nonsense("pages above the limit"));
        }
        if line.page <= self.last_page || line.page > self.limits.max_pages {
            return Err(nonsense("a page number out of order"));
        }
        self.last_page = line.page;
        // Grows with what arrives, so a promise alone costs no memory.
        let mut grey = Vec::new();
        (&mut self.from).take(pixels).read_to_end(&mut grey)?;
        if grey.len() as u64 != pixels {
            return Err(ProtocolError::Ended);
        }
        Ok(DecodedPage {
            number: line.page,
            width: line.width,
            height: line.height,
            dpi: line.dpi.filter(|dpi| dpi.is_finite() && *dpi > 0.0),
            source: harmless(&line.source),
            grey,
        })
    }
}

/// A message that can go into a log: short, on one line, plain characters.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .take(MAX_MESSAGE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(bytes: &[u8]) -> Vec<Result<Message, ProtocolError>> {
        let limits = DecodeLimits {
            max_pixels: 10_000,
            ..DecodeLimits::default()
        };
        let mut reader = MessageReader::new(bytes, &limits);
        let mut seen = vec![];
        loop {
            let message = reader.next();
            let stop = !matches!(message, Ok(Message::Page(_)));
            seen.push(message);
            if stop {
                return seen;
            }
        }
    }

    fn page_line(page: u32, width: u32, height: u32, bytes: u64) -> Vec<u8> {
        format!(
            "{{\"page\":{page},\"width\":{width},\"height\":{height},\"dpi\":null,\"source\":\"png\",\"bytes\":{bytes}}}\n"
        )
        .into_bytes()
    }

    #[test]
    fn pages_and_an_end() {
        let mut bytes = page_line(1, 2, 2, 4);
        bytes.extend([0, 10, 128, 255]);
        bytes.extend(b"{\"end\":true,\"pages\":1,\"cpu_ms\":3}\n");
        let seen = read_all(&bytes);
        assert!(matches!(&seen[0], Ok(Message::Page(page)) if page.grey == [0, 10, 128, 255]));
        assert!(matches!(&seen[1], Ok(Message::End(end)) if end.pages == 1 && end.cpu_millis == 3));
    }

    #[test]
    fn lies_about_sizes_are_refused_before_memory_is_taken() {
        for line in [
            page_line(1, 2, 2, 5),
            page_line(1, 0, 0, 0),
            page_line(
                1,
                u32::MAX,
                u32::MAX,
                u64::from(u32::MAX) * u64::from(u32::MAX),
            ),
            page_line(0, 2, 2, 4),
            page_line(61, 2, 2, 4),
        ] {
            assert!(matches!(
                read_all(&line)[0],
                Err(ProtocolError::Nonsense(_))
            ));
        }
    }

    #[test]
    fn a_death_in_the_middle_of_a_page_is_an_end() {
        let mut bytes = page_line(1, 2, 2, 4);
        bytes.push(0);
        assert!(matches!(read_all(&bytes)[0], Err(ProtocolError::Ended)));
        assert!(matches!(
            read_all(b"{\"page\":1")[0],
            Err(ProtocolError::Ended)
        ));
        assert!(matches!(read_all(b"")[0], Err(ProtocolError::Ended)));
    }

    #[test]
    fn messages_cannot_break_a_log() {
        let seen =
            read_all(b"{\"error\":{\"code\":\"damaged\",\"message\":\"a\\u001b[31m\\nb\"}}\n");
        assert!(matches!(&seen[0], Ok(Message::Failure { message, .. }) if message == "a?[31m?b"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            read_all(&bytes);
        }

        #[test]
        fn almost_right_bytes_never_panic(
            page in any::<u32>(), width in any::<u32>(), height in any::<u32>(),
            bytes in any::<u64>(), tail in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut all = page_line(page, width, height, bytes);
            all.extend(tail);
            read_all(&all);
        }
    }
}
