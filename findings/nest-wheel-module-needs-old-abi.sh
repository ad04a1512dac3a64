#!/usr/bin/env bash
# An extension module for the NEST of PyPI, compiled with the flags nest-config gives, is "file not
# found".
# Packages: nest-simulator 3.10.0 (PyPI wheel, Linux x86_64), numpy 2.4.6; a g++ of today (12 was
#   used).
# Expected: g++ with nest-config's --cflags and --includes makes a module that nest.Install loads.
# Happens: --includes names a folder of the machine that built the wheel, so the headers are not
#   found. With the right folder it compiles, but Install says "could not be opened ... file not
#   found" of a file that is there: it has unresolved names, for the wheel has the C++ library's
#   binary interface from before 2015. -D_GLIBCXX_USE_CXX11_ABI=0 fixes it; nest-config names it
#   nowhere.
# Why it matters: the message sends the reader to LD_LIBRARY_PATH, which has nothing to do with it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nest-simulator==3.10.0 numpy==2.4.6
config=$work/venv/bin/nest-config
headers=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nest/include/nest
mkdir "$work/plain" "$work/old"
cat >"$work/twinmodule.cpp" <<'END'
#include "model_manager_impl.h"
#include "nest_extension_interface.h"
#include "parrot_neuron.h"
struct TwinModule : nest::NESTExtensionInterface
{
  void initialize() override { nest::register_node_model< nest::parrot_neuron >( "twin_neuron" ); }
};
TwinModule twinmodule_LTX_module;
END
# Flags are many words.
# shellcheck disable=SC2046
build() { g++ $(bash "$config" --cflags) -fPIC -DLTX_MODULE -shared -w "$work/twinmodule.cpp" "$@"; }
# shellcheck disable=SC2046
if build $(bash "$config" --includes) -o "$work/none.so" 2>/dev/null; then
    echo "nest-config --includes now finds the headers"; exit 1
fi
build -I"$headers" -o "$work/plain/twinmodule.so"
build -I"$headers" -D_GLIBCXX_USE_CXX11_ABI=0 -o "$work/old/twinmodule.so"
cd "$work" && PYNEST_QUIET=1 venv/bin/python -W ignore - <<'END'
import os, nest
try:
    nest.Install(os.path.abspath("plain/twinmodule.so")); said = "loaded"
except Exception as error:
    said = " ".join(str(error).split("'")[2:]).strip().replace("\n", " ")
nest.Install(os.path.abspath("old/twinmodule.so"))
print("flags of nest-config:", said, "| with the older interface:", "twin_neuron" in nest.node_models)
assert "file not found" in said, "a module with nest-config's own flags is now loaded, or the message is another"
assert "twin_neuron" in nest.node_models, "the older interface no longer helps"
END
