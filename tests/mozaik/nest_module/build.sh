#!/bin/bash
# Builds relaymodule.so for the NEST of PyPI: build.sh PYTHON DIRECTORY
set -euo pipefail
include=$("$1" -c 'import importlib.util as u; print(u.find_spec("nest").submodule_search_locations[0])')/include/nest
# PyPI's NEST has the names of the C++ library's older binary interface.
g++ -std=c++20 -O1 -DNDEBUG -fPIC -fopenmp -D_GLIBCXX_USE_CXX11_ABI=0 -DLTX_MODULE -shared -I"$include" \
    "$(dirname "$0")/relaymodule.cpp" -o "$2/relaymodule.so"
