//! A stack of 64 KiB instead of 1 MiB. The memory of an instance is put back to its beginning for every data subject, and
//! the smaller it is, the more subjects a second are served. A module that recurses deeply needs more.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
}
