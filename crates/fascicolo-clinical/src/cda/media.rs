//! Images of the narrative: PNG and JPEG of at most 512 KiB, carried in the page itself; anything else is named,
//! never shown.

use std::collections::HashMap;

use roxmltree::Node;

use super::html::Html;
use super::source::{find, is};

const MAX_IMAGE: usize = 512 * 1024;
/// How base64 starts for the formats we show: the declared type is not enough.
const FORMATS: [(&str, &str); 2] = [("image/png", "iVBORw0KGgo"), ("image/jpeg", "/9j/")];

/// The `observationMedia` of a document, by their ID. Each is judged once, however often it is referred to.
pub(super) struct Media<'a>(HashMap<&'a str, Medium>);

struct Medium {
    media_type: String,
    /// When it is an image that we show.
    data: Option<String>,
}

impl<'a> Media<'a> {
    pub(super) fn of(root: Node<'a, '_>) -> Self {
        let named = root
            .descendants()
            .filter(|n| is(*n, "observationMedia"))
            .filter_map(|n| Some((n.attribute("ID")?, medium(n))));
        Self(named.collect())
    }

    /// Shows what a `renderMultiMedia` refers to, or says in brackets what stands there; the caption goes with the
    /// first.
    pub(super) fn render(&self, reference: Node, caption: &str, section: &str, out: &mut Html) {
        let ids = reference.attribute("referencedObject").unwrap_or_default();
        let mut caption = Some(caption);
        for id in ids.split_whitespace().take(8) {
            let caption = caption.take().unwrap_or_default();
            let medium = self.0.get(id);
            if let Some(data) = medium.and_then(|m| m.data.as_ref()) {
                out.image(data, if caption.is_empty() { section } else { caption });
                continue;
            }
            let media_type = medium.map_or("?", |m| m.media_type.as_str());
            let gap = if caption.is_empty() { "" } else { ": " };
            out.text(&format!("[{media_type}{gap}{caption}]"));
        }
        out.text(caption.unwrap_or_default());
    }
}

fn medium(media: Node) -> Medium {
    let value = find(media, &["value"]);
    let media_type = value.and_then(|v| v.attribute("mediaType")).unwrap_or("?");
    Medium {
        media_type: media_type.chars().take(40).collect(),
        data: value.and_then(|v| data_uri(v, media_type)),
    }
}

fn data_uri(value: Node, media_type: &str) -> Option<String> {
    let (format, start) = FORMATS.iter().find(|(format, _)| media_type.eq_ignore_ascii_case(format))?;
    let mut data = format!("data:{format};base64,");
    let prefix = data.len();
    for piece in value.children().filter(Node::is_text).filter_map(|n| n.text()) {
        data.extend(piece.chars().filter(|c| !c.is_ascii_whitespace()));
        if data.len() > MAX_IMAGE.div_ceil(3) * 4 + prefix {
            return None;
        }
    }
    let base64 = data.get(prefix..)?;
    let body = base64.trim_end_matches('=');
    let sound = base64.len().is_multiple_of(4)
        && base64.len() - body.len() <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        && body.starts_with(start);
    sound.then_some(data)
}
