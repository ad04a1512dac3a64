import json, os, pathlib
path = pathlib.Path(os.environ["MOZOPT_SIMULATION"])
parameters = json.loads(path.read_text())["parameters"]
path.with_name("values.json").write_text(json.dumps({"values": {"rate": parameters["sheets.l4.weight"]}}))
# changed
