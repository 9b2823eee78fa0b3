//! Gives the shared library its soname.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmeshvitals.so.0");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
