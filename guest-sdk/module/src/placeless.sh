#!/bin/sh
# Cargo calls this as: placeless-rustc RUSTC ARGUMENTS.
# Sources in cargo's home are named after it. A crate from a path is called after its name and version, and not after the
# place that it lies in; crates of the compiler and of registries have such names already.
rustc=$1
shift
home=${CARGO_HOME:-$HOME/.cargo}
case "$CARGO_MANIFEST_DIR/" in
    / | "${YUNEI_RUSTLIB:-/}"/* | "$home"/*) exec "$rustc" "$@" "--remap-path-prefix=$home=/cargo" ;;
esac
left=$#
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    case "$argument" in
        metadata=*) argument="metadata=$CARGO_PKG_NAME-$CARGO_PKG_VERSION" ;;
    esac
    set -- "$@" "$argument"
    left=$((left - 1))
done
exec "$rustc" "$@" "--remap-path-prefix=$home=/cargo" "--remap-path-prefix=$CARGO_MANIFEST_DIR=/$CARGO_PKG_NAME"
