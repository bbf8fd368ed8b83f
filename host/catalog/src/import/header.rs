//! Which column of a file is which field.

use yunei_model::{Field, Resource};

use super::ImportError;

/// For each column of a file, the position of its field.
///
/// A column is named by the field's name or one of its titles; all fields must be there, each once, and nothing else.
pub(super) fn resolve<'a>(
    names: impl Iterator<Item = &'a str>,
    resource: &Resource,
) -> Result<Vec<usize>, ImportError> {
    let fields = &resource.schema.fields;
    let mut columns = Vec::with_capacity(fields.len());
    let mut unknown = Vec::new();
    for (position, name) in names.enumerate() {
        match find(fields, name.trim()) {
            Some(field) => columns.push(field),
            None => unknown.push(position + 1),
        }
    }
    let times = |field: usize| columns.iter().filter(|c| **c == field).count();
    let named = |count: fn(usize) -> bool| {
        let chosen = fields.iter().enumerate().filter(|(i, _)| count(times(*i)));
        chosen.map(|(_, f)| f.name.clone()).collect::<Vec<_>>()
    };
    let missing = named(|times| times == 0);
    let twice = named(|times| times > 1);
    if missing.is_empty() && unknown.is_empty() && twice.is_empty() {
        Ok(columns)
    } else {
        Err(ImportError::Header {
            missing,
            unknown,
            twice,
        })
    }
}

fn find(fields: &[Field], name: &str) -> Option<usize> {
    let by_name = fields.iter().position(|f| f.name.as_str() == name);
    by_name.or_else(|| {
        let titled = |f: &Field| f.title.zh == name || f.title.en == name;
        let mut found = fields.iter().enumerate().filter(|(_, f)| titled(f));
        // A title that two fields share names neither.
        match (found.next(), found.next()) {
            (Some((position, _)), None) => Some(position),
            _ => None,
        }
    })
}
