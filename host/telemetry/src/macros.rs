//! Spans and events by their names in [`names`](crate::names): a name that is not there does not compile.

/// Opens a span: its name in [`names::span`](crate::names::span), then attributes of [`names`](crate::names) as `NAME = value`, `NAME = %shown` or `NAME = ?debugged`.
///
/// ```
/// let span = yunei_telemetry::span!(RUN, RUN_STATE = "running", RUN_END = tracing::field::Empty);
/// span.record(yunei_telemetry::names::RUN_END, "finished");
/// ```
#[macro_export]
macro_rules! span {
    (@ $span:ident, { $($done:tt)* }) => {
        $crate::__tracing::span!($crate::__tracing::Level::INFO, $crate::names::span::$span, $($done)*)
    };
    (@ $span:ident, { $($done:tt)* } $name:ident = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::span!(@ $span, { $($done)* { $crate::names::$name } = %$value, } $($($rest)*)?)
    };
    (@ $span:ident, { $($done:tt)* } $name:ident = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::span!(@ $span, { $($done)* { $crate::names::$name } = ?$value, } $($($rest)*)?)
    };
    (@ $span:ident, { $($done:tt)* } $name:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::span!(@ $span, { $($done)* { $crate::names::$name } = $value, } $($($rest)*)?)
    };
    ($span:ident $(, $($fields:tt)*)?) => { $crate::span!(@ $span, {} $($($fields)*)?) };
}

/// Tells of an event: its level, its name in [`names::event`](crate::names::event), then attributes as in [`span!`](crate::span).
///
/// ```
/// yunei_telemetry::event!(WARN, STAGE_FAILED, STAGE = "admit", CAUSE = %std::fmt::Error);
/// ```
#[macro_export]
macro_rules! event {
    (@ $level:ident, $event:ident, { $($done:tt)* }) => {
        $crate::__tracing::event!(name: $crate::names::event::$event, $crate::__tracing::Level::$level, { $($done)* })
    };
    (@ $level:ident, $event:ident, { $($done:tt)* } $name:ident = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::event!(@ $level, $event, { $($done)* { $crate::names::$name } = %$value, } $($($rest)*)?)
    };
    (@ $level:ident, $event:ident, { $($done:tt)* } $name:ident = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::event!(@ $level, $event, { $($done)* { $crate::names::$name } = ?$value, } $($($rest)*)?)
    };
    (@ $level:ident, $event:ident, { $($done:tt)* } $name:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::event!(@ $level, $event, { $($done)* { $crate::names::$name } = $value, } $($($rest)*)?)
    };
    ($level:ident, $event:ident $(, $($fields:tt)*)?) => { $crate::event!(@ $level, $event, {} $($($fields)*)?) };
}
