//! Reading what the decoder writes. The decoder has handled hostile bytes, so nothing it says is
//! believed: sizes are checked against the limits before memory is allocated.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use thiserror::Error;

use super::DecodeLimits;
use super::filled::{FieldLine, FilledForm, FormLine, MAX_FIELDS};

/// Longest line the decoder may write: the longest value of a form field, each character in four bytes, and its name.
const MAX_LINE: u64 = 16 << 10;

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
    Form(FilledForm),
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
    Form { form: FormLine },
    Field(FieldLine),
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
    form_seen: bool,
}

impl<'l, R: BufRead> MessageReader<'l, R> {
    pub(super) fn new(from: R, limits: &'l DecodeLimits) -> Self {
        Self {
            from,
            limits,
            last_page: 0,
            total_pixels: 0,
            form_seen: false,
        }
    }

    /// Where the messages come from.
    pub(super) fn source(&mut self) -> &mut R {
        &mut self.from
    }

    /// The next message. After `End` and `Failure` there is none.
    pub(super) fn next(&mut self) -> Result<Message, ProtocolError> {
        match self.line()? {
            Line::Form { form } => self.form(form).map(Message::Form),
            Line::Field(_) => Err(ProtocolError::Nonsense("a form field without a form")),
            Line::Page(page) => self.page(page).map(Message::Page),
            Line::End(end) if end.end => Ok(Message::End(DecodeSummary {
                pages: end.pages,
                peak_memory_kib: 0,
                cpu_millis: end.cpu_ms,
            })),
            Line::End(_) => Err(ProtocolError::Nonsense("an end that is none")),
            Line::Failure { error } => Ok(Message::Failure {
                code: harmless(&error.code),
                message: harmless(&error.message),
            }),
        }
    }

    fn line(&mut self) -> Result<Line, ProtocolError> {
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
        serde_json::from_slice(&line).map_err(|_| ProtocolError::Nonsense("not a known line"))
    }

    fn form(&mut self, line: FormLine) -> Result<FilledForm, ProtocolError> {
        let nonsense = ProtocolError::Nonsense;
        if self.last_page > 0 || self.form_seen || line.fields > MAX_FIELDS {
            return Err(nonsense("a form out of order or above the limits"));
        }
        self.form_seen = true;
        let mut form = FilledForm {
            fields: Vec::new(),
            unread: line.unread.as_deref().map(harmless),
        };
        for _ in 0..line.fields {
            let Line::Field(field) = self.line()? else {
                return Err(nonsense("form fields are missing"));
            };
            let field = field
                .checked(self.limits.max_pages)
                .ok_or(nonsense("a form field above the limits"))?;
            form.fields.push(field);
        }
        Ok(form)
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
            let stop = !matches!(message, Ok(Message::Page(_) | Message::Form(_)));
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

    fn field_line(name: &str, value: &str, page: u32) -> String {
        let line = serde_json::json!({
            "field": name, "kind": "text", "value": value, "page": page, "rect": [1.0, 2.0, 3.0, 4.0], "drawn": true,
        });
        format!("{line}\n")
    }

    #[test]
    fn form_fields_come_before_the_pages() {
        let long = "\u{1F600}".repeat(2000);
        let lines = [
            "{\"form\":{\"fields\":2,\"unread\":null}}\n".to_owned(),
            field_line("child_1.surname", "KŁOS\n\"two\"", 3),
            field_line("child_1.health", &long, 3),
        ];
        let seen = read_all(lines.concat().as_bytes());
        let Ok(Message::Form(form)) = &seen[0] else {
            panic!("{seen:?}");
        };
        assert_eq!(form.fields[0].value, "KŁOS\n\"two\"");
        assert_eq!(form.fields[1].value, long);
        assert!(
            !format!("{form:?}").contains("KŁOS"),
            "values stay out of logs"
        );
    }

    #[test]
    fn form_fields_above_the_limits_are_refused() {
        let form = "{\"form\":{\"fields\":1,\"unread\":null}}\n";
        for bad in [
            field_line("a", "b", 0),
            field_line("a", "b", 61),
            field_line("a", "b\u{1b}[31m", 1),
            field_line("a", &"b".repeat(2001), 1),
            field_line(&"a".repeat(201), "b", 1),
            form.to_owned(),
        ] {
            let lines = format!("{form}{bad}");
            assert!(matches!(
                read_all(lines.as_bytes())[0],
                Err(ProtocolError::Nonsense(_))
            ));
        }
        for bad in [
            field_line("a", "b", 1),
            "{\"form\":{\"fields\":2001,\"unread\":null}}\n".to_owned(),
        ] {
            assert!(matches!(
                read_all(bad.as_bytes())[0],
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
