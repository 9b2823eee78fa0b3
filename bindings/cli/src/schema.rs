//! `meshvitals schema`: the JSON Schema of the documents.

use crate::args::{Document, SchemaArgs};
use crate::output::{self, Failure};
use meshvitals::model::document::schema;

/// Prints the schema; of one document, the same definitions with that one as the root.
pub fn print(args: &SchemaArgs) -> Result<u8, Failure> {
    let mut schema = schema();
    let root = match args.document {
        None => None,
        Some(Document::Check) => Some("check"),
        Some(Document::Monitor) => Some("monitor"),
    };
    if let (Some(root), Some(keys)) = (root, schema.as_object_mut()) {
        for word in ["anyOf", "oneOf", "allOf", "$ref"] {
            keys.remove(word);
        }
        keys.insert("$ref".into(), format!("#/$defs/{root}").into());
        keys.insert("title".into(), format!("meshvitals {root}").into());
    }
    output::line(&format!("{schema:#}"))?;
    Ok(0)
}
