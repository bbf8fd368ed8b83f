//! Calls the host with handles that it was never given, or no longer has.

use yunei_guest::{Result, open, parameter};

yunei_guest::analysis!(run);

/// The core functions under the bindings. Space for results is ample.
#[cfg(target_arch = "wasm32")]
mod raw {
    #[link(wasm_import_module = "yunei:guest/data@0.1.0")]
    unsafe extern "C" {
        #[link_name = "[method]reader.next"]
        pub fn next(reader: i32, result: *mut u8);
        #[link_name = "[method]table.schema"]
        pub fn schema(table: i32, result: *mut u8);
        #[link_name = "[resource-drop]table"]
        pub fn drop_table(table: i32);
    }
    #[link(wasm_import_module = "yunei:guest/output@0.1.0")]
    unsafe extern "C" {
        #[link_name = "[resource-drop]table"]
        pub fn drop_output(table: i32);
    }
}

fn run() -> Result<()> {
    let attack: String = parameter("attack")?;
    let flights = open("nyc-flights-2013")?;
    #[cfg(target_arch = "wasm32")]
    {
        let mut result = [0_u64; 16];
        let result = result.as_mut_ptr().cast::<u8>();
        for handle in [1, 2, 3, 77, i32::MAX, -1] {
            // SAFETY: none; that is the attack. A handle of another kind or of nothing must trap.
            unsafe {
                match attack.as_str() {
                    "table" => raw::schema(handle + 1, result),
                    "output" => raw::drop_output(handle),
                    "dropped" => {
                        raw::drop_table(handle);
                        raw::schema(handle, result);
                    }
                    _ => raw::next(handle, result),
                }
            }
        }
    }
    drop((attack, flights));
    Ok(())
}
