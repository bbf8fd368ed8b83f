use super::{Machine, Need, agrees, all_installed, announce};
use crate::workspace::Workspace;

const BARE: Machine = Machine {
    administrator: false,
    sudo: false,
    apt: false,
    rustup: false,
};

fn told(machine: Machine, need: Need) -> String {
    announce(&[machine.way(&workspace(), need).unwrap()])
}

fn workspace() -> Workspace {
    Workspace {
        root: "/source".into(),
        target: "/built".into(),
        packages: Vec::new(),
    }
}

#[test]
fn rustup_comes_first_and_debian_second() {
    let machine = Machine {
        rustup: true,
        apt: true,
        administrator: true,
        ..BARE
    };
    let text = told(machine, Need::GuestTarget);
    let rustup = text
        .find("    rustup target add wasm32-unknown-unknown")
        .unwrap();
    let debian = text.find("apt-get install --yes --no-install-recommends rustc-web rust-web-src rust-web-llvm lld-22").unwrap();
    assert!(rustup < debian, "{text}");
    assert!(!text.contains("sudo"), "{text}");
}

#[test]
fn sudo_is_used_when_not_root() {
    let machine = Machine {
        sudo: true,
        apt: true,
        ..BARE
    };
    let text = told(machine, Need::GuestTarget);
    assert!(
        text.contains("    sudo env DEBIAN_FRONTEND=noninteractive apt-get update"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_installed_is_said() {
    let no_apt = BARE.way(&workspace(), Need::GuestTarget).err().unwrap();
    assert!(no_apt.to_string().contains("lld-22 by hand"), "{no_apt}");
    let no_sudo = Machine { apt: true, ..BARE }
        .way(&workspace(), Need::Python)
        .err()
        .unwrap();
    assert!(no_sudo.to_string().contains("as root"), "{no_sudo}");
    // With rustup there is a way even without Debian's.
    assert!(
        Machine {
            rustup: true,
            ..BARE
        }
        .way(&workspace(), Need::GuestTarget)
        .is_ok()
    );
}

#[test]
fn nextest_comes_from_cargo() {
    assert!(told(BARE, Need::Nextest).contains("cargo install --locked cargo-nextest"));
}

#[test]
fn only_a_yes_agrees() {
    for (answer, yes) in [
        ("\n", true),
        ("y\n", true),
        ("YES\n", true),
        ("n\n", false),
        ("no\n", false),
        ("", false),
        ("what\n", false),
    ] {
        assert_eq!(agrees(answer), yes, "{answer:?}");
    }
}

#[test]
fn every_debian_package_must_be_installed() {
    assert!(all_installed(
        "installed\ninstalled\ninstalled\ninstalled\n"
    ));
    assert!(!all_installed(
        "installed\ninstalled\nconfig-files\ninstalled\n"
    ));
    assert!(!all_installed("installed\ninstalled\ninstalled\n"));
}

#[test]
fn the_verifier_of_others_is_put_below_the_target_directory() {
    let told = told(BARE, Need::LogTools);
    assert!(
        told.contains("python3 -m venv /built/tools/aics-tlog"),
        "{told}"
    );
    assert!(
        told.contains("--ignore-requires-python aics-tlog=="),
        "{told}"
    );
}
