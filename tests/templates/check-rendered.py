#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Read rendered templates with a second YAML parser, and hold them against what they are for.

check-rendered.py RENDER, the program that renders a cluster's node into a directory.

Schemas come from ../shared/schemas beside the source tree (or $NIB_SCHEMAS); without them only
those checks are skipped.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as e:
    print(f"1..0 # SKIP {e}")
    sys.exit(0)

ROOT = os.environ["NIB_SOURCE_ROOT"]
SCHEMAS = os.environ.get("NIB_SCHEMAS", os.path.join(ROOT, "..", "shared", "schemas"))
TOKEN = "abcdef.0123456789abcdef"
KEY = "0123456789abcdef" * 4
AGE = "AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHZ"
TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}

BASE = {
    "version": "nib/v1",
    "cluster": {"name": "rpi", "endpoint": "192.168.5.20:6443", "kubernetes": "1.34.2",
                "podSubnet": "10.244.64.0/18", "serviceSubnet": "10.244.0.0/20"},
    "secrets": "secrets.yaml",
    "age": {"identity": "keys.txt"},
    "defaults": {"board": "rpi5", "image": {"file": "base.img"},
                 "network": {"interface": "eth0", "gateway": "192.168.5.1"},
                 "users": [{"name": "pi", "sshKeys": ["ssh.pub"]}]},
    "cilium": {"version": "1.18.12", "gatewayAPI": True,
               "loadBalancer": {"pool": ["192.168.5.250-192.168.5.252", "192.168.6.0/28"],
                                "interfaces": ["^eth[0-9]+"]}},
    "gitops": {"flux": {"sync": {"kind": "GitRepository", "url": "https://example.org/homelab",
                                 "ref": "refs/heads/main", "path": "clusters/rpi"}}},
    "nodes": [{"name": "controlplane", "address": "192.168.5.21/24"},
              {"name": "controlplane1", "address": "dhcp"},
              {"name": "node0", "address": "192.168.5.31/24"},
              {"name": "node1", "address": "dhcp"}],
}


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def equal(self, name, got, want):
        self.report(name, got == want, f"got  {got!r}\nwant {want!r}")

    def report(self, name, ok, why=""):
        self.count += 1
        self.failures += not ok
        print(f"{'ok' if ok else 'not ok'} {self.count} - {name}")
        if not ok:
            print("\n".join("# " + line for line in str(why).splitlines()))

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}")


tap = Tap()


class Strict(yaml.SafeLoader):
    """PyYAML takes the last of two equal keys; nobody may rely on that."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f"a key that is there twice: {keys}")
        return super().construct_mapping(node, deep=deep)


class Cluster:
    """A directory with a cluster file and what it names."""

    def __init__(self, render, change=lambda cluster: None, ca=True, key=True):
        self.render = render
        self.temporary = tempfile.TemporaryDirectory()
        self.directory = self.temporary.name
        cluster = json.loads(json.dumps(BASE))
        change(cluster)
        self.ca_hash = None
        bundle = {"secrets": {"bootstraptoken": TOKEN}}
        if key:
            bundle["nib"] = {"certificatekey": KEY}
        if ca:
            bundle["certs"] = {"k8s": self.make_ca()}
        self.put("cluster.yaml", json.dumps(cluster))
        self.put("secrets.yaml", yaml.safe_dump(bundle))
        self.put("keys.txt", AGE + "\n")
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path("ssh"))

    def path(self, name):
        return os.path.join(self.directory, name)

    def put(self, name, text):
        with open(self.path(name), "w", encoding="utf-8",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)

    def run(self, *argv, stdin=b""):
        return subprocess.run(argv, input=stdin, check=True, capture_output=True).stdout

    def make_ca(self):
        crt, key = self.path("ca.crt"), self.path("ca.key")
        self.run("openssl", "req", "-x509", "-new", "-nodes", "-newkey", "rsa:2048", "-days",
                 "3650", "-subj", "/CN=kubernetes", "-out", crt, "-keyout", key)
        public = self.run("openssl", "x509", "-pubkey", "-noout", "-in", crt)
        der = self.run("openssl", "pkey", "-pubin", "-outform", "der", stdin=public)
        digest = self.run("openssl", "dgst", "-sha256", "-hex", stdin=der)
        self.ca_hash = "sha256:" + digest.decode().split("= ")[1].strip()
        return {name: base64.b64encode(open(path, "rb").read()).decode()
                for name, path in (("crt", crt), ("key", key))}

    def node(self, name, kubeadm="1.34.2-1.1"):
        """Everything that is planned for a node: {path: text}."""
        out = self.path("out-" + name)
        got = subprocess.run([self.render, self.path("cluster.yaml"), name, kubeadm, out],
                             capture_output=True, text=True, check=False)
        if got.returncode:
            raise SystemExit(f"Bail out! {name}: {got.stderr}")
        files = {}
        for directory, _, names in os.walk(out):
            for file in names:
                path = os.path.join(directory, file)
                with open(path, encoding="utf-8") as opened:
                    files[path[len(out):]] = opened.read()
        return files


def documents(text):
    return list(yaml.load_all(text, Strict))


def kubeadm(files):
    return {document["kind"]: document for document in documents(files["/etc/nib/kubeadm.yaml"])}


def check_init(render):
    cluster = Cluster(render)
    files = cluster.node("controlplane")
    config = kubeadm(files)
    init, whole = config["InitConfiguration"], config["ClusterConfiguration"]

    tap.equal("init: kinds and versions", {k: v["apiVersion"] for k, v in config.items()},
              {"InitConfiguration": "kubeadm.k8s.io/v1beta4",
               "ClusterConfiguration": "kubeadm.k8s.io/v1beta4",
               "KubeletConfiguration": "kubelet.config.k8s.io/v1beta1"})
    tap.equal("init: token", init["bootstrapTokens"], [{
        "token": TOKEN, "description": "made by nib", "ttl": "24h0m0s",
        "usages": ["signing", "authentication"],
        "groups": ["system:bootstrappers:kubeadm:default-node-token"]}])
    tap.equal("init: certificate key", init["certificateKey"], KEY)
    tap.equal("init: API endpoint", init["localAPIEndpoint"],
              {"advertiseAddress": "192.168.5.21", "bindPort": 6443})
    tap.equal("init: registration", init["nodeRegistration"], {
        "name": "controlplane", "criSocket": "unix:///var/run/crio/crio.sock",
        "imagePullPolicy": "IfNotPresent", "imagePullSerial": True, "taints": [TAINT],
        "kubeletExtraArgs": [{"name": "node-ip", "value": "192.168.5.21"}]})
    tap.equal("cluster", whole, {
        "apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration",
        "kubernetesVersion": "v1.34.2", "clusterName": "rpi",
        "controlPlaneEndpoint": "192.168.5.20:6443",
        "networking": {"podSubnet": "10.244.64.0/18", "serviceSubnet": "10.244.0.0/20",
                       "dnsDomain": "cluster.local"},
        "apiServer": {"certSANs": ["192.168.5.20", "127.0.0.1", "controlplane", "192.168.5.21",
                                   "controlplane1"]},
        "proxy": {"disabled": True}})
    tap.equal("kubelet", config["KubeletConfiguration"], {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd", "rotateCertificates": True, "serverTLSBootstrap": True})
    tap.equal("init: the CA is the bundle's", files["/etc/kubernetes/pki/ca.crt"],
              open(cluster.path("ca.crt"), encoding="utf-8").read())
    tap.equal("init: and its key", files["/etc/kubernetes/pki/ca.key"],
              open(cluster.path("ca.key"), encoding="utf-8").read())
    tap.equal("init: age identity", files["/root/keys.txt"], AGE + "\n")
    tap.report("secrets are in no other file",
               not [p for p, text in files.items() for s in (TOKEN, KEY, AGE)
                    if s in text and p not in ("/etc/nib/kubeadm.yaml", "/root/keys.txt")])


def check_joins(render):
    cluster = Cluster(render)
    joins = {name: kubeadm(cluster.node(name))
             for name in ("controlplane1", "node0", "node1")}
    for name, config in joins.items():
        tap.equal(f"{name}: kinds", list(config), ["JoinConfiguration"])
        tap.equal(f"{name}: discovery is pinned to the CA",
                  config["JoinConfiguration"]["discovery"], {"bootstrapToken": {
                      "token": TOKEN, "apiServerEndpoint": "192.168.5.20:6443",
                      "caCertHashes": [cluster.ca_hash], "unsafeSkipCAVerification": False}})
    registration = {name: config["JoinConfiguration"]["nodeRegistration"]
                    for name, config in joins.items()}
    tap.equal("a static address is the kubelet's", registration["node0"]["kubeletExtraArgs"],
              [{"name": "node-ip", "value": "192.168.5.31"}])
    tap.equal("with DHCP it finds its own", registration["node1"]["kubeletExtraArgs"], [])
    tap.report("workers have no taints, and no part of a control plane",
               "taints" not in registration["node0"] and
               "controlPlane" not in joins["node0"]["JoinConfiguration"])
    tap.equal("a control plane with DHCP: key, and an address that the node fills in",
              joins["controlplane1"]["JoinConfiguration"]["controlPlane"],
              {"certificateKey": KEY, "localAPIEndpoint":
               {"advertiseAddress": "@NODE_ADDRESS@", "bindPort": 6443}})

    without = Cluster(render, ca=False, key=False)
    tap.equal("without a CA in the bundle, nothing is pinned",
              kubeadm(without.node("node0"))["JoinConfiguration"]["discovery"],
              {"bootstrapToken": {"token": TOKEN, "apiServerEndpoint": "192.168.5.20:6443",
                                  "caCertHashes": [], "unsafeSkipCAVerification": True}})
    files = without.node("controlplane")
    tap.report("and no CA is written", not [p for p in files if "/pki/" in p])
    tap.equal("no certificate key", kubeadm(files)["InitConfiguration"]["certificateKey"], "")


def check_alone(render):
    def single(cluster):
        cluster["nodes"] = [{"name": "controlplane", "address": "dhcp", "board": "rpi4"}]
        cluster["cluster"]["endpoint"] = "api.example.org:8443"
        cluster["cilium"] = {"version": "1.17.18", "loadBalancer": {"pool": ["192.168.5.250-192.168.5.250"]}}
        del cluster["age"]

    files = Cluster(render, single).node("controlplane")
    config = kubeadm(files)
    tap.equal("alone: pods run on the control plane",
              config["InitConfiguration"]["nodeRegistration"]["taints"], [])
    tap.equal("alone: the address is filled in on the node",
              config["InitConfiguration"]["localAPIEndpoint"]["advertiseAddress"],
              "@NODE_ADDRESS@")
    tap.equal("alone: names in the certificate",
              config["ClusterConfiguration"]["apiServer"]["certSANs"],
              ["api.example.org", "127.0.0.1", "controlplane"])
    values = documents(files["/etc/nib/cilium-values.yaml"])[0]
    tap.equal("alone: one operator", values["operator"]["replicas"], 1)
    tap.equal("no Envoy where it does not start", (values["l7Proxy"], values["envoy"]["enabled"]),
              (False, False))
    pool, policy = documents(files["/etc/nib/cilium-loadbalancer.yaml"])
    tap.equal("before Cilium 1.18, pools are alpha", pool["apiVersion"], "cilium.io/v2alpha1")
    tap.equal("a pool of one address", pool["spec"]["blocks"],
              [{"start": "192.168.5.250", "stop": "192.168.5.250"}])
    tap.equal("interfaces of the nodes", policy["spec"]["interfaces"], ["^eth0$"])
    flux = documents(files["/etc/nib/flux-instance.yaml"])[0]
    tap.equal("no key, no decryption",
              [p["target"]["kind"] for p in flux["spec"]["kustomize"]["patches"]], ["Deployment"])


def check_network(render):
    files = Cluster(render).node("controlplane")
    values = documents(files["/etc/nib/cilium-values.yaml"])[0]
    tap.equal("Cilium: API server", (values["k8sServiceHost"], values["k8sServicePort"]),
              ("192.168.5.20", 6443))
    tap.equal("Cilium: pods", values["ipam"], {"mode": "cluster-pool", "operator":
                                               {"clusterPoolIPv4PodCIDRList": ["10.244.64.0/18"]}})
    tap.equal("Cilium: what is on", {name: values[name]["enabled"] for name in
                                     ("gatewayAPI", "envoy", "l2announcements", "hubble")},
              {"gatewayAPI": True, "envoy": True, "l2announcements": True, "hubble": True})
    tap.report("Cilium: no kube-proxy, L7, two operators, nothing that is gone",
               values["kubeProxyReplacement"] is True and values["l7Proxy"] is True and
               values["operator"]["replicas"] == 2 and "externalIPs" not in values and
               "debug" not in values)
    pool, policy = documents(files["/etc/nib/cilium-loadbalancer.yaml"])
    tap.equal("pool", (pool["apiVersion"], pool["spec"]["blocks"]),
              ("cilium.io/v2", [{"start": "192.168.5.250", "stop": "192.168.5.252"},
                                {"cidr": "192.168.6.0/28"}]))
    tap.equal("policy", policy["spec"], {"loadBalancerIPs": True, "interfaces": ["^eth[0-9]+"]})


def check_flux(render):
    files = Cluster(render).node("controlplane")
    flux = documents(files["/etc/nib/flux-instance.yaml"])[0]
    tap.equal("Flux: name", flux["metadata"], {"name": "flux", "namespace": "flux-system"})
    tap.equal("Flux: source", flux["spec"]["sync"],
              {"kind": "GitRepository", "url": "https://example.org/homelab",
               "ref": "refs/heads/main", "path": "clusters/rpi", "pullSecret": ""})
    patches = {p["target"]["kind"]: documents(p["patch"])[0]
               for p in flux["spec"]["kustomize"]["patches"]}
    tap.equal("Flux: decryption", patches["Kustomization"],
              [{"op": "add", "path": "/spec/decryption",
                "value": {"provider": "sops", "secretRef": {"name": "flux-sops"}}}])
    tap.equal("Flux: runs on a tainted control plane", patches["Deployment"],
              [{"op": "add", "path": "/spec/template/spec/tolerations",
                "value": [dict(TAINT, operator="Exists")]}])


def check_quoting(render):
    """Text that YAML would read as something else."""
    def strange(cluster):
        sync = cluster["gitops"]["flux"]["sync"]
        sync["ref"], sync["path"] = 'yes: "no" \\ # x', "~"
        cluster["nodes"][2]["name"] = "1e3"
        cluster["nodes"][2]["role"] = "worker"

    cluster = Cluster(render, strange)
    sync = documents(cluster.node("controlplane")["/etc/nib/flux-instance.yaml"])[0]["spec"]["sync"]
    tap.equal("quotes, colons, comments", (sync["ref"], sync["path"]),
              ('yes: "no" \\ # x', "~"))
    tap.equal("a name that looks like a number",
              kubeadm(cluster.node("1e3"))["JoinConfiguration"]["nodeRegistration"]["name"], "1e3")


def schema(name):
    with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
        return json.load(file)


def unknown_keys(value, known, path=""):
    """Keys that are not in a schema that allows all others: how typos get past Helm."""
    if not isinstance(value, dict) or "properties" not in known:
        return []
    found = [path + key for key in value if key not in known["properties"]]
    for key in value.keys() & known["properties"].keys():
        found += unknown_keys(value[key], known["properties"][key], f"{path}{key}.")
    return found


def validate(name, value, definition):
    try:
        jsonschema.validate(value, definition)
        tap.report(name, True)
    except jsonschema.ValidationError as e:
        tap.report(name, False, e)


def check_schemas(render):
    if not os.path.isdir(SCHEMAS):
        tap.skip("schemas of the CRDs and charts", f"no directory {SCHEMAS}")
        return

    files = Cluster(render).node("controlplane")
    pool, policy = documents(files["/etc/nib/cilium-loadbalancer.yaml"])
    flux = documents(files["/etc/nib/flux-instance.yaml"])[0]
    crds = "crds-catalog/"
    validate("schema: FluxInstance", flux,
             schema(crds + "fluxcd.controlplane.io/fluxinstance_v1.json"))
    validate("schema: load balancer pool", pool,
             schema(crds + "cilium.io/ciliumloadbalancerippool_v2.json"))
    validate("schema: the same, before 1.18", dict(pool, apiVersion="cilium.io/v2alpha1"),
             schema(crds + "cilium.io/ciliumloadbalancerippool_v2alpha1.json"))
    validate("schema: L2 policy", policy,
             schema(crds + "cilium.io/ciliuml2announcementpolicy_v2alpha1.json"))
    operator = documents(files["/etc/nib/flux-operator-values.yaml"])[0]
    chart = schema("flux-operator/charts/flux-operator.values.schema.json")
    # Helm validates them together with the chart's own values.
    validate("schema: values of the Flux operator", operator, dict(chart, required=[]))
    tap.equal("no unknown values of the Flux operator", unknown_keys(operator, chart), [])

    values = documents(files["/etc/nib/cilium-values.yaml"])[0]
    for version in sorted(os.listdir(os.path.join(SCHEMAS, "cilium"))):
        chart = schema(f"cilium/{version}/values.schema.json")
        validate(f"schema: values of Cilium {version}", values, chart)
        # Without a default in the chart, a value is not in its schema either.
        unknown = [key for key in unknown_keys(values, chart) if key != "kubeProxyReplacement"]
        tap.equal(f"no unknown values of Cilium {version}", unknown, [])


def main():
    for check in (check_init, check_joins, check_alone, check_network, check_flux, check_quoting,
                  check_schemas):
        check(sys.argv[1])
    print(f"1..{tap.count}")
    return 1 if tap.failures else 0


if __name__ == "__main__":
    sys.exit(main())
