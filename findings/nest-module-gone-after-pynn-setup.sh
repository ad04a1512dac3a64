#!/usr/bin/env bash
# An extension module that was installed into NEST before pyNN.nest.setup() is not there after it.
# Packages: nest-simulator 3.10.0 (PyPI), PyNN 0.13.0, numpy 2.4.6; g++.
# Expected: a script may call nest.Install("mymodule") at its head, and PyNN finds the module's cell
#   models.
# Happens: setup() calls ResetKernel, which since NEST 3.8 unloads every module, silently: the
#   model's name is unknown after setup(). Installed again after setup(), it works.
# Why it matters: models with cell types of their own, written for an older NEST, fail when cells
#   are made, far from the cause, and every later setup() undoes the module again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 PyNN==0.13.0 numpy==2.4.6
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
headers=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nest/include/nest
# The older binary interface of the C++ library is what this wheel was built with.
g++ -std=c++20 -fPIC -fopenmp -D_GLIBCXX_USE_CXX11_ABI=0 -DLTX_MODULE -shared -I"$headers" \
    "$work/twinmodule.cpp" -o "$work/twinmodule.so"
cd "$work" && PYNEST_QUIET=1 venv/bin/python -W ignore - <<'END'
import os, nest, pyNN.nest as sim
nest.Install(os.path.abspath("twinmodule.so"))
before = "twin_neuron" in nest.node_models
sim.setup(timestep=0.1)
after = "twin_neuron" in nest.node_models
nest.Install(os.path.abspath("twinmodule.so"))
cells = sim.Population(2, sim.native_cell_type("twin_neuron")())
print(f"known before setup(): {before}, after setup(): {after}, installed again: {len(cells)} cells made")
assert before and not after, "the module now outlives pyNN.nest.setup()"
END
