#!/bin/bash
# Simulates and evaluates candidate 2. To run it again, into a directory of its own:
#   bash job.sh --again /some/directory
from=$PWD
here=$(dirname "$(readlink -f "$0")")
export OMP_NUM_THREADS=1

cd '/' || exit 1
umask 022
export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy:-none}"
export PRTE_MCA_hwloc_default_binding_policy="${PRTE_MCA_hwloc_default_binding_policy:-none}"
cd "$here" || exit 1
exec '/home/user/bin/mozopt' job --from "$from" "$@"
