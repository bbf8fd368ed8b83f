//! The host, as a component sees it.

pub(crate) use crate::bindings::analysis::yunei::guest::data::{
    Reader as ReaderHandle, Table as TableHandle, open,
};
pub(crate) use crate::bindings::analysis::yunei::guest::inputs::parameter;
pub(crate) use crate::bindings::analysis::yunei::guest::journal::note;
pub(crate) use crate::bindings::analysis::yunei::guest::output::{Table as OutputHandle, create};
pub(crate) use crate::bindings::analysis::yunei::guest::query::sql;
