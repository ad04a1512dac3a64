#!/bin/bash
# Makes the samples of a format: three small optimizations, run by the program itself.
#
#   sudo ./make.sh /path/to/mozopt 2      # writes 2/
#
# Samples of a format that was released never change.
#
# Root is needed for a machine called node1 and a directory /home/user that nobody else sees.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
if [ -z "${INSIDE:-}" ]; then
    [ ! -e "$2" ] || { echo "$2 is there already" >&2; exit 2; }
    INSIDE=1 exec unshare --uts --mount "$0" "$(readlink -f "$1")" "$2"
fi
program=$1 samples=$PWD/$2
hostname node1
# The samples' own place may lie below /home.
mkdir -p "$samples"
exec 3< "$samples"
mount -t tmpfs none /home
mkdir -p /home/user/bin /home/user/model/param_optim
cp "$program" /home/user/bin/mozopt
export PATH=/home/user/bin:$PATH HOME=/home/user GIT_CONFIG_GLOBAL=/dev/null

# One that is simulated on this machine by a command, which needs no file, in a directory that every
# machine has. It knows two simulations from before, candidate 2 is killed and run again, 4 fails.
cd /home/user/model
cat > param_optim/config_optimisation <<'END'
{
 "parameters": {
  "gain": [0.5, 2.0],
  "cells": {"range": [10, 40], "type": "int"},
  "tau": {"range": [1.0, 100.0], "scale": "log"}
 },
 "optimiser_centroid": {"gain": 1.0, "cells": 20, "tau": 10},
 "targets": [
  {"class": "RangeTarget", "name": "rate", "target_value": [3, 4], "norm": 0.5, "sheet_name": "V1_Exc_L4"},
  {"class": "TargetValue", "name": "cv", "target_value": 20, "norm": 4, "max_score": 50},
  {"class": "CommandTarget", "name": "size", "target_value": 30, "norm": 5, "command": "wc -l", "rule": "OneBoundUpperTarget"}
 ]
}
END
cat > mozopt.toml <<'END'
[simulator]
kind = "command"
model_dir = "/"
prelude = "umask 022"
command = '''
get() { sed -n "s/^ *\"$1\": \([^,]*\).*/\1/p" "$MOZOPT_SIMULATION"; }
cd "$(dirname "$MOZOPT_SIMULATION")"
case $(get candidate).$(get attempt) in
    2.1) sleep 2.5; kill -9 $$ ;;
    4.1) echo "no input"; exit 7 ;;
    5.1) exploded=true ;;
esac
mkdir -p datastore
echo "1.5 2.5" > datastore/spikes.txt
echo '{"model": "1.2"}' > versions.json
echo "{\"values\": {\"rate\": $(get gain), \"cv\": $(get tau), \"size\": $(get cells)}, \"exploded\": ${exploded:-false}}" > values.json
if [ "$(get candidate)" = 3 ]; then
    echo "the plot could not be drawn" > late_error.txt
    exit 1
fi
'''
[execution]
slots = 1
retries = 1
[optimizer]
offspring_size = 2
max_simulations = 3
validate_best = 1
END
cat > known.csv <<'END'
candidate,seed,outcome,gain,cells,tau,value rate,value cv
0,11,completed,0.75,15,5.5,0.75,5.5
1,12,completed,1.25,25,12.5,1.25,12.5
END
(
    until compgen -G './*_Optimization/simulations/000002/started.json' > /dev/null; do sleep 0.1; done
    cd ./*_Optimization
    mkdir -p requests
    echo '{"request": "change_limits", "max_time": "2h", "max_core_hours": 5.5}' > requests/1.json
) &
mozopt run . --warm-start known.csv
mozopt resume . --max-simulations 5
mkdir -p ./*_Optimization/requests
cd ./*_Optimization/requests
echo '{"request": "pause"}' > 01796000000000000001-4711.json
echo '{"request": "continue"}' > 01796000000000000002-4711.json
echo '{"request": "stop", "cancel": true}' > 01796000000000000003-4711.json
echo '{"request": "change_limits", "max_ngen": 7, "max_simulations": 9, "slots": 2}' > 01796000000000000004-4711.json
cd ../..
cp -r ./*_Optimization /proc/self/fd/3/command
# Its model's directory is that of the whole machine.
rm /proc/self/fd/3/command/surroundings.json

# The same, gone on with, without its simulations: its best are repeated.
cp -r ./*_Optimization repeated
mozopt resume repeated --max-simulations 6 --validate-best 1
mkdir /proc/self/fd/3/repeated
cp repeated/{configuration.json,journal.jsonl,provenance.json} /proc/self/fd/3/repeated

# The same after an outcome was taken back, without its simulations.
mozopt forget ./*_Optimization 4 --reason "the input was not there"
mkdir /proc/self/fd/3/forgotten
cp ./*_Optimization/{configuration.json,journal.jsonl,provenance.json} /proc/self/fd/3/forgotten

# The same in another environment.
PYTHONPATH=/home/user/lib mozopt resume ./*_Optimization --max-simulations 5
mkdir /proc/self/fd/3/edited
cp ./*_Optimization/{configuration.json,journal.jsonl,provenance.json} /proc/self/fd/3/edited

# One of a mozaik model on a cluster that is played by scripts: its experiment script writes values,
# and the second simulation has not enough memory at first.
rm -r /home/user/model
mkdir -p /home/user/model/param_optim /home/user/queue
cd /home/user/model
cat > param_optim/config_optimisation <<'END'
{
 "parameters": {"sheets.l4.weight": [0.5, 2.0], "sheets.l4.K": [100, 300]},
 "targets": [{"class": "TargetValue", "name": "rate", "target_value": 3}]
}
END
cat > mozopt.toml <<'END'
[simulator]
kind = "mozaik"
model_class = "model.Model"
python = "python3"
experiment = "experiment.py"
parameters = "parameters"
nest_modules = ["stepcurrentmodule"]
[execution]
executor = "slurm"
mode = "generational"
slots = 2
[slurm]
mem = "16G"
mem_retry = 2
poll = "1s"
[optimizer]
algorithm = "cma-es"
offspring_size = 2
max_ngen = 2
validate_best = 0
END
echo "{'simulation_seed': 1, 'model_seed': 2, 'sheets': {'l4': {'weight': 1.0, 'K': 200}}}" > parameters
cat > experiment.py <<'END'
import json, os, pathlib
path = pathlib.Path(os.environ["MOZOPT_SIMULATION"])
parameters = json.loads(path.read_text())["parameters"]
path.with_name("values.json").write_text(json.dumps({"values": {"rate": parameters["sheets.l4.weight"]}}))
END
git init -q
git add .
git -c user.name=user -c user.email=user@node1 commit -qm "The model" --date 2026-11-01T12:00:00Z
echo "# changed" >> experiment.py

cd /home/user/bin
cat > sbatch <<'END'
#!/bin/bash
for word; do
    case $word in
        --job-name=*) name=${word#*=} ;;
        --chdir=*) cd "${word#*=}" ;;
        --wrap=*) script=${word#*=} ;;
    esac
done
id=$((41 + $(ls /home/user/queue | wc -l)))
case $name in
    *controller*) echo "$id|PENDING|0:00||$name|None" > /home/user/queue/$id ;;
    mozopt-000001-1-*) echo "$id|OUT_OF_MEMORY|0:07|node1|$name|None" > /home/user/queue/$id ;;
    *)
        echo "$id|COMPLETED|0:07|node1|$name|None" > /home/user/queue/$id
        SLURM_JOB_ID=$id bash -c "$script" >> output.log 2>&1
        ;;
esac
echo "$id"
END
cat > squeue <<'END'
#!/bin/bash
cat /home/user/queue/*
END
printf '#!/bin/bash\n' | tee scontrol scancel > sacct
chmod +x ./*
touch /home/user/queue/0
cd /home/user/model
mozopt run .
mozopt submit ./*_Optimization
# The scripts beside the experiment script are the program's own.
rm ./*_Optimization/mozopt_{run,ranks,check}.py
cp -r ./*_Optimization /proc/self/fd/3/mozaik
