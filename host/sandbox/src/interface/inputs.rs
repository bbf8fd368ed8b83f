//! `inputs`: the run's constant parameters.

use super::State;
use crate::bindings::inputs::{Host, Value};
use crate::end::GuestEnd;
use crate::host::ParameterValue;

impl From<ParameterValue> for Value {
    fn from(value: ParameterValue) -> Self {
        match value {
            ParameterValue::Integer(number) => Self::Integer(number),
            ParameterValue::Text(text) => Self::Text(text),
            ParameterValue::Date(days) => Self::Date(days),
        }
    }
}

impl Host for State {
    fn parameter(&mut self, name: String) -> wasmtime::Result<Option<Value>> {
        self.account.call()?;
        self.account.string(&name)?;
        let value = self.host.parameter(&name).map_err(GuestEnd::from)?;
        Ok(value.map(Value::from))
    }
}
