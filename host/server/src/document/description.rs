//! What the document says of one route.

use http::StatusCode;
use utoipa::IntoParams;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{ContentBuilder, RefOr, Required, Response, ResponseBuilder, Schema};

use crate::repeat::IDEMPOTENCY_KEY;
use crate::schema;

/// Media type of bodies that are not text.
const BYTES: &str = "application/octet-stream";
/// Media type of server-sent events.
const EVENTS: &str = "text/event-stream";

/// What one route is for, takes, and gives.
pub(crate) struct Description {
    tag: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answers: Vec<(StatusCode, Response)>,
}

impl Description {
    /// Group, name for generated clients, and one sentence.
    pub(crate) const fn new(tag: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            tag,
            id,
            summary,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
        }
    }

    /// It has this query.
    pub(crate) fn asks<T: IntoParams>(mut self) -> Self {
        self.parameters.extend(T::into_params(|| None));
        self
    }

    /// It counts once under an idempotency key, which it must have.
    pub(crate) fn once(self) -> Self {
        self.keyed(Required::True)
    }

    /// It counts once under an idempotency key, if it has one.
    pub(crate) fn repeatable(self) -> Self {
        self.keyed(Required::False)
    }

    fn keyed(mut self, required: Required) -> Self {
        let header = ParameterBuilder::new()
            .name(IDEMPOTENCY_KEY.as_str())
            .parameter_in(ParameterIn::Header)
            .required(required)
            .description(Some("Makes a repeated request count once, for a day."))
            .schema(Some(schema::text()));
        self.parameters.push(header.build());
        self
    }

    /// It may have this header.
    pub(crate) fn may_be_headed(mut self, name: &'static str, about: &'static str) -> Self {
        let header = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .description(Some(about))
            .schema(Some(schema::text()));
        self.parameters.push(header.build());
        self
    }

    /// It takes the schema of that name, in JSON.
    pub(crate) fn takes(self, name: &'static str) -> Self {
        self.taking("application/json", schema::of(name))
    }

    /// It takes a body of another kind.
    pub(crate) fn takes_raw(self, media_type: &'static str) -> Self {
        self.taking(media_type, schema::bytes())
    }

    fn taking(mut self, media_type: &'static str, schema: RefOr<Schema>) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new()
            .content(media_type, content)
            .required(Some(Required::True));
        self.body = Some(body.build());
        self
    }

    /// It answers 200 with the schema of that name.
    pub(crate) fn gives(self, name: &'static str) -> Self {
        self.answering(
            StatusCode::OK,
            schema::json_response("it is so", schema::of(name)),
        )
    }

    /// It answers with another status, and the schema of that name.
    pub(crate) fn gives_as(
        self,
        status: StatusCode,
        about: &'static str,
        name: &'static str,
    ) -> Self {
        self.answering(status, schema::json_response(about, schema::of(name)))
    }

    /// It answers 200 with a page of a list of the schema of that name.
    pub(crate) fn lists(self, name: &'static str) -> Self {
        let page = schema::page_of(name);
        self.answering(StatusCode::OK, schema::json_response("one page", page))
    }

    /// It answers 204.
    pub(crate) fn gives_nothing(self) -> Self {
        self.answering(StatusCode::NO_CONTENT, Response::new("done"))
    }

    /// It answers 200 with server-sent events that do not end by themselves.
    pub(crate) fn gives_events(self, about: &'static str) -> Self {
        let content = ContentBuilder::new().schema(Some(schema::text())).build();
        let response = ResponseBuilder::new()
            .description(about)
            .content(EVENTS, content);
        self.answering(StatusCode::OK, response.build())
    }

    /// It answers 200 with a file.
    pub(crate) fn gives_file(self, about: &'static str) -> Self {
        let content = ContentBuilder::new().schema(Some(schema::bytes())).build();
        let response = ResponseBuilder::new()
            .description(about)
            .content(BYTES, content);
        self.answering(StatusCode::OK, response.build())
    }

    fn answering(mut self, status: StatusCode, response: Response) -> Self {
        self.answers.push((status, response));
        self
    }

    /// The operation, with the placeholders of `path`.
    pub(crate) fn operation(&self, path: &str) -> OperationBuilder {
        let mut operation = OperationBuilder::new()
            .tag(self.tag)
            .operation_id(Some(self.id))
            .summary(Some(self.summary))
            .request_body(self.body.clone());
        for parameter in placeholders(path).chain(self.parameters.iter().cloned()) {
            operation = operation.parameter(parameter);
        }
        for (status, response) in &self.answers {
            operation = operation.response(status.as_str(), response.clone());
        }
        operation
    }
}

fn placeholders(path: &str) -> impl Iterator<Item = Parameter> {
    path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let schema = match name {
            "id" => schema::id(),
            "index" => schema::count(),
            "tile" | "bundle" => schema::text(),
            _ => schema::name(),
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schema));
        Some(parameter.build())
    })
}
