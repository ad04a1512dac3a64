#!/bin/bash
#SBATCH --job-name=mozopt-controller-fbf3c89e4418
#SBATCH --chdir="/home/user/model/20261129-191644_Optimization"
#SBATCH --output=controller.log
#SBATCH --open-mode=append
#SBATCH --no-requeue
#SBATCH --ntasks=1
#SBATCH --time=1440
#SBATCH --signal=B:USR1@300
# Runs the optimization in this directory. Shortly before the time limit the controller leaves its
# simulations alone and ends; the next job finds them again. The next job is there from the beginning,
# so that it also takes over when this node fails.
next=$(sbatch --parsable --dependency=afternotok:"$SLURM_JOB_ID" --kill-on-invalid-dep=yes controller.sh) ||
    echo "no job will take over from this one: submit it again before the time limit"
'/home/user/bin/mozopt' resume . & controller=$!
leaves=
trap 'leaves=1; kill -USR1 $controller' USR1
# Cancelled: the simulations go on, and nothing takes over.
trap 'kill -USR1 $controller; scancel ${next%%;*}; next=' TERM
until wait $controller; code=$?; ! kill -0 $controller 2> /dev/null; do :; done
if [ $code = 4 ] || [ -n "$leaves" ]; then exit 4; fi
[ -z "$next" ] || scancel ${next%%;*}
exit $code
