//! Query strings and path segments, decoded as the vendor's framework does.

use std::collections::BTreeMap;

/// Reads `a=b&c=d`. A plus sign is a space, as in a form. `None` if a percent
/// escape is broken. Of a repeated name the first value counts.
pub(super) fn parameters(query: &str) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_decoded(&name.replace('+', " "))?;
        let value = percent_decoded(&value.replace('+', " "))?;
        parameters.entry(name).or_insert(value);
    }
    Some(parameters)
}

/// `text` with its percent escapes resolved, `None` if one is broken or the
/// result is not UTF-8.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_escapes_and_plus_signs() {
        let parameters = parameters("filter=a%3D%3D%22b%22&sort=+c&empty").expect("well formed");
        assert_eq!(parameters["filter"], "a==\"b\"");
        assert_eq!(parameters["sort"], " c");
        assert_eq!(parameters["empty"], "");
    }

    #[test]
    fn refuses_broken_escapes() {
        assert_eq!(parameters("a=%4"), None);
        assert_eq!(parameters("a=%zz"), None);
        assert_eq!(percent_decoded("%ff"), None);
    }
}
