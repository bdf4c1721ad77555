//! Reads an answer's body: the API's JSON, its explanation of a refusal, or
//! something else in its place.

use serde_json::Value;

use super::{
    call::{CallErrorKind, Explanation},
    problem::Problem,
};
use crate::http::{Response, header};

/// How much of an unexpected body is kept, in characters.
const START: usize = 200;

/// The JSON of a successful answer, or what the answer means instead.
pub(super) fn read(response: &Response) -> Result<Value, (CallErrorKind, Explanation)> {
    match CallErrorKind::of(response.status) {
        None => success(response)
            .map_err(|text| (CallErrorKind::UnexpectedBody, Explanation::Answer(text))),
        Some(kind) => Err((kind, refusal(kind, response))),
    }
}

fn success(response: &Response) -> Result<Value, String> {
    if !is_json(response) {
        return Err(format!("expected JSON but got {}", other_content(response)));
    }
    serde_json::from_slice(&response.body).map_err(|error| {
        format!(
            "the JSON cannot be read ({error}; {} bytes): {}",
            response.body.len(),
            start(&response.body)
        )
    })
}

fn refusal(kind: CallErrorKind, response: &Response) -> Explanation {
    if kind == CallErrorKind::OtherHost {
        // The address is somebody else's text and may carry a session; its
        // host is enough.
        let location = text_of(response, &header::LOCATION);
        let host = location
            .parse::<crate::http::Url>()
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        let target = host.unwrap_or_else(|| "another path".to_owned());
        return Explanation::Answer(format!("a redirect to {target}, which is not followed"));
    }
    let problem = is_json(response)
        .then(|| serde_json::from_slice(&response.body).ok())
        .flatten()
        .and_then(|body| Problem::read(&body));
    match problem {
        Some(problem) => Explanation::Problem(problem),
        None if is_json(response) => Explanation::Answer(start(&response.body)),
        None => Explanation::Answer(other_content(response)),
    }
}

/// `application/json`, or any `application/…+json` such as the vendor's and
/// problem documents.
fn is_json(response: &Response) -> bool {
    let media_type = text_of(response, &header::CONTENT_TYPE).to_ascii_lowercase();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence == "application/json"
        || essence.starts_with("application/") && essence.ends_with("+json")
}

/// Describes what came in the place of JSON.
fn other_content(response: &Response) -> String {
    let text = start(&response.body);
    if response.body.is_empty() {
        return "an empty body".to_owned();
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return match title(&response.body) {
            Some(title) => format!("a web page titled \"{title}\""),
            None => "a web page".to_owned(),
        };
    }
    match text_of(response, &header::CONTENT_TYPE) {
        "" => format!("a body without a content type: {text}"),
        media_type => format!("{media_type}: {text}"),
    }
}

fn title(body: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(body);
    let lower = page.to_ascii_lowercase();
    let from = lower.find("<title>")? + "<title>".len();
    let length = lower[from..].find("</title>")?;
    let title = start(page[from..from + length].as_bytes());
    (!title.is_empty()).then_some(title)
}

/// The first characters of a body in one line, without control characters.
fn start(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .take(START)
        .collect();
    words.join(" ").chars().take(START).collect()
}

fn text_of<'a>(response: &'a Response, name: &header::HeaderName) -> &'a str {
    let value = response.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeaderMap, StatusCode};

    fn said(status: u16, content_type: &str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, content_type.parse().expect("a value"));
        }
        let response = Response {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: body.as_bytes().to_vec(),
        };
        match read(&response) {
            Ok(value) => value.to_string(),
            Err((kind, explanation)) => format!("{kind:?}: {explanation}"),
        }
    }

    const USERS: &str = "application/vnd.users.v1+json";
    const PAGE: &str = "<!DOCTYPE html>\n<html><head><TITLE>Sign in\n here</TITLE></head></html>";

    #[test]
    fn every_json_media_type_is_read() {
        for media_type in [
            USERS,
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/problem+json",
        ] {
            assert_eq!(said(200, media_type, "{\"a\":1.0}"), "{\"a\":1.0}");
        }
    }

    #[test]
    fn something_else_is_named() {
        let cases = [
            (
                200,
                "text/html",
                PAGE,
                "UnexpectedBody: expected JSON but got a web page titled \"Sign in here\"",
            ),
            (
                200,
                "text/html",
                "<html>",
                "UnexpectedBody: expected JSON but got a web page",
            ),
            (
                200,
                "text/plain",
                "{}",
                "UnexpectedBody: expected JSON but got text/plain: {}",
            ),
            (
                200,
                "",
                "{}",
                "UnexpectedBody: expected JSON but got a body without a content type: {}",
            ),
            (
                204,
                "",
                "",
                "UnexpectedBody: expected JSON but got an empty body",
            ),
            (
                502,
                "text/html",
                PAGE,
                "Server: a web page titled \"Sign in here\"",
            ),
            (403, "", "", "Forbidden: an empty body"),
            (
                400,
                USERS,
                "{\"title\":\"Validation error\"}",
                "Rejected: Validation error",
            ),
            (400, USERS, "{\"x\":\r\n\u{1b}1}", "Rejected: {\"x\": 1}"),
            (400, USERS, "{", "Rejected: {"),
        ];
        for (status, media_type, body, expected) in cases {
            assert_eq!(said(status, media_type, body), expected);
        }
    }

    #[test]
    fn truncated_json_shows_where_it_ends_and_not_all_of_it() {
        let body = format!("{{\"data\":[\"{}", "x".repeat(5000));
        let said = said(200, USERS, &body);
        assert!(said.starts_with("UnexpectedBody: the JSON cannot be read (EOF while parsing a string at line 1 column 5010; 5010 bytes): {\"data\":[\"xxx"), "{said}");
        assert!(said.len() < 350);
    }
}
