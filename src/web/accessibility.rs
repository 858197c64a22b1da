//! The accessibility statement.

use askama::Template;
use axum::response::Response;

use super::frame::Frame;
use super::page_error::render;

#[derive(Template)]
#[template(path = "accessibility.html", config = "src/web/askama.toml")]
struct Statement {
    frame: Frame,
}

pub(super) async fn show() -> Response {
    render(&Statement {
        frame: Frame::bare("Accessibility statement"),
    })
}
