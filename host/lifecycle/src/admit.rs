//! Upload and admission: bytes become a module, or every reason why not.

use std::io::Write;

use cap_std::fs::Dir;
use yunei_authority::{Action, ModuleTarget, Target};
use yunei_ledger::Kind;
use yunei_model::{Admission, Code, Digest, Finding, Module, ModuleId, ModuleState, State, World};
use yunei_sandbox::{Artefact, Authentic, CompileError, Identity, Metering, inspect};
use yunei_store::Page;
use yunei_telemetry::{chain, event, span};

use crate::list::Listing;
use crate::{Actor, Domain, LifecycleError, Listed, ModuleView, Permit};

/// Bytes that someone entitled has uploaded. Comes from [`Domain::receive`] alone.
#[derive(Debug)]
pub struct Upload {
    module: Module,
    bytes: Vec<u8>,
    actor: Actor,
    permit: Permit,
}

/// A module that passed admission, read back for a run. Comes from [`Domain::admitted`] alone.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub(crate) module: Module,
}

impl Domain {
    /// Receives an upload. Nothing is kept of it yet.
    ///
    /// # Errors
    /// Refused by policy, or too large.
    pub async fn receive(&self, actor: &Actor, bytes: Vec<u8>) -> Result<Upload, LifecycleError> {
        let permit = self
            .permit(actor, Action::UploadModule, &Target::Domain)
            .await?;
        if bytes.len() as u64 > self.limits.component_bytes_max {
            return Err(Code::TooLarge.into());
        }
        let module = Module {
            id: ModuleId::new(&*self.ids),
            digest: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            operator: actor.principal.organisation,
            uploaded_by: actor.principal.account,
            uploaded_by_person: actor.principal.person,
            uploaded_at: self.clock.now(),
            state: ModuleState::Uploaded,
            manifest: None,
            admission: None,
            reviews: Vec::new(),
        };
        Ok(Upload {
            module,
            bytes,
            actor: actor.clone(),
            permit,
        })
    }

    /// Admits an upload, or refuses it with every reason at once. Both are on the record.
    ///
    /// # Errors
    /// The host failed; a module that is refused is no error.
    pub async fn admit(&self, upload: Upload) -> Result<ModuleView, LifecycleError> {
        let Upload {
            mut module,
            bytes,
            actor,
            permit,
        } = upload;
        let known = self
            .store
            .module_by_digest(module.operator, &module.digest)
            .await?;
        if let Some(known) =
            known.filter(|m| m.admission.as_ref().is_some_and(|a| a.findings.is_empty()))
        {
            return Ok(ModuleView::of(known, &actor));
        }
        let span = span!(STAGE, STAGE = "admit", MODULE_ID = %module.id);
        let examine = || span.in_scope(|| self.examine(&mut module, &bytes));
        let admission = tokio::task::block_in_place(examine)?;
        let refused = !admission.findings.is_empty();
        module.state = module
            .state
            .step(if refused {
                ModuleState::Refused
            } else {
                ModuleState::Admitted
            })
            .map_err(|_| Code::WrongState)?;
        let mut change = self.store.begin().await?;
        let about = |kind: Kind| {
            let manifest = module.manifest.as_ref();
            permit
                .draft(kind, &actor)
                .operator(module.operator)
                .fact("module", module.id)
                .fact("module_digest", module.digest.to_string())
                .fact("name", manifest.map(|m| &m.name))
                .fact("world", manifest.map(|m| m.world.as_str()))
        };
        let checks: Vec<&str> = admission
            .findings
            .iter()
            .map(|f| f.check.as_str())
            .collect();
        let draft = if refused {
            about(Kind::ModuleRefused).fact("findings", &checks)
        } else {
            about(Kind::ModuleAdmitted)
                .fact("imports", &admission.imports)
                .fact("artefact", admission.artefact.map(|d| d.to_string()))
                .observed("compile_ms", admission.compile_ms)
        };
        self.record(
            &mut change,
            about(Kind::ModuleUploaded).fact("bytes", module.bytes),
        )
        .await?;
        module.admission = Some(admission);
        change.put_module(&module).await?;
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(ModuleView::of(module, &actor))
    }

    /// Inspects and compiles; keeps component and artefact when nothing is found.
    fn examine(&self, module: &mut Module, bytes: &[u8]) -> Result<Admission, LifecycleError> {
        let inspection = inspect(bytes, &self.limits);
        module.manifest = inspection.manifest.clone();
        let mut admission = Admission {
            at: self.clock.now(),
            findings: inspection.findings.clone(),
            imports: inspection.imports.clone(),
            artefact: None,
            compile_ms: None,
        };
        let Ok(admissible) = inspection.admissible() else {
            return Ok(admission);
        };
        let before = self.clock.now();
        match self.compile(module.digest, bytes, admissible.world)? {
            Ok(artefact) => {
                write_once(
                    &self.components,
                    &format!("{}.wasm", module.digest.to_hex()),
                    bytes,
                )?;
                admission.artefact = Some(artefact);
            }
            Err(finding) => admission.findings.push(finding),
        }
        admission.compile_ms = u64::try_from(self.clock.now().millis_since(before)).ok();
        Ok(admission)
    }

    /// Compiles in the jailed child and keeps the authenticated artefact; the inner error is the module's own.
    fn compile(
        &self,
        component: Digest,
        bytes: &[u8],
        world: World,
    ) -> Result<Result<Digest, Finding>, LifecycleError> {
        let finding = |check: &str, detail: String| {
            Ok(Err(Finding {
                check: check.to_owned(),
                detail,
            }))
        };
        let span = span!(COMPILE);
        let compiled = match span.in_scope(|| self.compiler.compile(bytes, &self.limits)) {
            Ok(compiled) => compiled,
            Err(CompileError::Refused { reason }) => return finding("does-not-compile", reason),
            Err(CompileError::Limit(limit)) => return finding("compile-limit", limit.to_string()),
            Err(error) => {
                event!(ERROR, STAGE_FAILED, STAGE = "compile", CAUSE = %chain(&error));
                return finding(
                    "compile-failed",
                    "the component could not be compiled within the jail".to_owned(),
                );
            }
        };
        let identity = Identity::of_this_host(Metering::of(world))?;
        let artefact = Artefact::seal(&self.artefact_key, &component, &identity, &compiled.code);
        write_once(
            &self.artefacts,
            &artefact_file(&identity, &component),
            artefact.as_bytes(),
        )?;
        Ok(Ok(artefact.digest()))
    }

    /// The authenticated code of an admitted module; compiled again when this host cannot use what is kept.
    pub(crate) fn authentic_code(&self, module: &Module) -> Result<Authentic, LifecycleError> {
        let world = module
            .manifest
            .as_ref()
            .map_or(World::Analysis, |m| m.world);
        let identity = Identity::of_this_host(Metering::of(world))?;
        let file = artefact_file(&identity, &module.digest);
        for _attempt in 0..2 {
            if let Ok(bytes) = self.artefacts.read(&file) {
                let opened =
                    Artefact::from_bytes(bytes).open(&self.artefact_key, &module.digest, &identity);
                match opened {
                    Ok(code) => return Ok(code),
                    Err(error) => {
                        event!(WARN, STAGE_FAILED, STAGE = "artefact", CAUSE = %chain(&error))
                    }
                }
            }
            let component = format!("{}.wasm", module.digest.to_hex());
            let bytes = self
                .components
                .read(component)
                .map_err(LifecycleError::data("to read a component"))?;
            if Digest::of(&bytes) != module.digest {
                return Err(LifecycleError::Impossible {
                    detail: "a component that is not its digest",
                });
            }
            let _ignored = self.artefacts.remove_file(&file);
            if self.compile(module.digest, &bytes, world)?.is_err() {
                return Err(LifecycleError::Impossible {
                    detail: "an admitted module that does not compile",
                });
            }
        }
        Err(LifecycleError::Impossible {
            detail: "an artefact that does not open",
        })
    }

    /// An admitted module, for a submission.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn admitted(&self, actor: &Actor, id: ModuleId) -> Result<Admitted, LifecycleError> {
        let module = self.store.module(id).await?.ok_or(Code::NotFound)?;
        self.permit(
            actor,
            Action::ViewModule,
            &Target::Module(ModuleTarget::from(&module)),
        )
        .await?;
        if module
            .admission
            .as_ref()
            .is_none_or(|a| !a.findings.is_empty())
        {
            return Err(Code::ModuleNotAdmitted.into());
        }
        Ok(Admitted { module })
    }

    /// Modules that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn modules(
        &self,
        actor: &Actor,
        page: Page<ModuleId>,
    ) -> Result<Listed<ModuleView, ModuleId>, LifecycleError> {
        self.permit(actor, Action::ViewModule, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let modules = self.store.modules(actor.operator(), part).await?;
            listing.read(modules.len());
            for module in modules {
                let (id, target) = (module.id, Target::Module(ModuleTarget::from(&module)));
                let sees = self.may(actor, Action::ViewModule, &target).await?;
                if !listing.look(id, sees.then(|| ModuleView::of(module, actor))) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// One module.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn module(&self, actor: &Actor, id: ModuleId) -> Result<ModuleView, LifecycleError> {
        let module = self.store.module(id).await?.ok_or(Code::NotFound)?;
        self.permit(
            actor,
            Action::ViewModule,
            &Target::Module(ModuleTarget::from(&module)),
        )
        .await?;
        Ok(ModuleView::of(module, actor))
    }
}

fn artefact_file(identity: &Identity, component: &Digest) -> String {
    format!("{}.code", identity.artefact_name(component).to_hex())
}

/// Writes a file whose name tells its content: aside first, durable, then in place.
pub(crate) fn write_once(directory: &Dir, name: &str, bytes: &[u8]) -> Result<(), LifecycleError> {
    let failed = LifecycleError::data("to write a file");
    if directory.exists(name) {
        return Ok(());
    }
    let aside = format!("{name}.part");
    let mut file = directory.create(&aside).map_err(&failed)?;
    file.write_all(bytes).map_err(&failed)?;
    file.sync_all().map_err(&failed)?;
    directory.rename(&aside, directory, name).map_err(&failed)
}
