"""What is deployed fits the code: settings, ports, paths, users, and the time to stop."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from faqbot import __version__
from faqbot.runtime.processes import KILL_MARGIN
from faqbot.settings.models import Settings
from faqbot.slack.http_endpoint import MAX_BYTES, PATH

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PORT = 3000
USER = 10001
STOP_WITHIN = int(Settings.model_fields["faqbot_shutdown_timeout"].default)


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))
    return loaded


def kubernetes() -> dict[str, dict[str, Any]]:
    names = ("kubernetes.yaml", "kubernetes-ingress.yaml", "kubernetes-secret.example.yaml")
    loaded = [one for name in names for one in yaml.safe_load_all(text_of(name))]
    return {one["kind"]: one for one in loaded}


def unit() -> dict[str, dict[str, list[str]]]:
    """The sections of the systemd unit; a key may be given more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in text_of("faqbot.service").splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            current = sections.setdefault(found[1], {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            current.setdefault(key, []).append(value)
    return sections


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    return spec


def seconds(value: str) -> int:
    """A duration such as 30s."""
    return int(value.removesuffix("s"))


@pytest.mark.parametrize("file", sorted(path.name for path in DEPLOY.iterdir() if path.is_file()))
def test_only_settings_that_exist_are_named(file: str) -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = set(re.findall(r"\b(?:SLACK|FAQBOT)_[A-Z_]+\b", text_of(file)))
    assert named - known == set() if file != "kubernetes.yaml" else named - known <= {"FAQBOT_PORT"}


def test_the_version_is_the_one_that_is_built() -> None:
    assert compose()["services"]["app-1"]["image"] == f"faqbot:{__version__}"
    assert pod()["containers"][0]["image"] == f"faqbot:{__version__}"
    assert f"-t faqbot:{__version__} " in text_of("Dockerfile")


def test_the_builder_gets_nothing_but_what_the_image_is_made_of() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    wanted = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(.+)$", text_of("Dockerfile"), re.MULTILINE)
    sources = {source for line in copied for source in line.split()[:-1]}
    assert next(rule for rule in rules if rule and not rule.startswith("#")) == "*"
    assert wanted == sources
    assert all((ROOT / source).exists() for source in sources)


def test_the_image_runs_as_a_fixed_user_who_owns_only_the_data() -> None:
    lines = text_of("Dockerfile").splitlines()
    assert f"USER {USER}:{USER}" in lines
    assert lines.index(f"USER {USER}:{USER}") < lines.index('ENTRYPOINT ["faqbot"]')
    assert "VOLUME /data" in lines
    assert "STOPSIGNAL SIGTERM" in lines
    assert not [line for line in lines if line.startswith("ADD ")]


def test_the_image_asks_for_its_health_where_it_serves() -> None:
    text = text_of("Dockerfile")
    command = json.loads(text.partition("HEALTHCHECK")[2].partition("CMD")[2].splitlines()[0])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "health check", "exec")
    assert "'/health'" in command[2]
    assert f"PORT={PORT}" in text
    assert f"EXPOSE {PORT}" in text


@pytest.mark.parametrize("name", ["app-1", "app-2", "nginx", "db"])
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(place.split(":")[0] == "/tmp" for place in service["tmpfs"])
    assert "privileged" not in service
    outside = [str(port) for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in outside)


@pytest.mark.parametrize("name", ["app-1", "app-2"])
def test_compose_runs_two_that_share_a_database(name: str) -> None:
    service = compose()["services"][name]
    assert service["environment"]["PORT"] == str(PORT)
    assert re.search(r"@db/faqbot$", service["environment"]["FAQBOT_DATABASE_URL"])
    assert service["depends_on"]["db"] == {"condition": "service_healthy"}
    assert service["volumes"] == [f"{name}:/data"]
    assert f"server {name}:{PORT} " in text_of("nginx.conf")


def test_only_the_proxy_that_is_there_is_trusted() -> None:
    (network,) = compose()["networks"]["default"]["ipam"]["config"]
    trusted = ip_address(compose()["services"]["app-1"]["environment"]["FAQBOT_TRUSTED_PROXIES"])
    nginx = compose()["services"]["nginx"]["networks"]["default"]["ipv4_address"]
    assert str(trusted) == nginx
    assert trusted in ip_network(network["subnet"])
    assert trusted not in ip_network(network["ip_range"]), "others would get it"
    assert kubernetes()["ConfigMap"]["data"]["FAQBOT_TRUSTED_PROXIES"] == ""


def test_the_password_of_the_database_is_where_it_is_needed() -> None:
    services = compose()["services"]
    assert services["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD")
    assert "env_file" not in services["db"]
    for name in ("app-1", "app-2"):
        assert services[name]["environment"]["POSTGRES_PASSWORD"] == ""
    assert "env_file" not in services["nginx"]


def test_containers_look_after_their_health_in_images_of_every_format() -> None:
    (own,) = re.findall(r'^  CMD (\["python".*\])$', text_of("Dockerfile"), re.MULTILINE)
    for name in ("app-1", "app-2"):
        assert compose()["services"][name]["healthcheck"]["test"] == ["CMD", *json.loads(own)]


def pinned(file: str) -> dict[str, str]:
    """The versions of a file by the names of packages."""
    found = re.findall(r"^([\w.-]+)==([^ ;\n]+)", file, re.MULTILINE)
    return {normalised(name): version for name, version in found}


def normalised(name: str) -> str:
    """The name of a package as indexes have it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-build.txt"])
def test_the_image_installs_the_locked_versions_by_their_hashes(file: str) -> None:
    text = text_of(file)
    locked = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    found = pinned(text)
    assert found
    assert {name: locked.get(name, version) for name, version in found.items()} == found
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_what_faqbot_needs_is_among_the_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["documents"], *extras["postgres"], *extras["plot"]]
    names = {normalised(re.split(r"[^\w.-]", one)[0]) for one in wanted}
    assert names <= set(pinned(text_of("requirements.txt")))


def test_a_base_without_a_digest_is_told_of_or_refused() -> None:
    check = text_of("Dockerfile").partition("RUN case")[2].partition("WORKDIR")[0]
    script = f"case{check}".replace("\\\n", "\n")
    for base, strict, code in (
        ("python:3.11", "no", 0),
        ("python:3.11", "yes", 1),
        ("python:3.11@sha256:" + "0" * 64, "yes", 0),
    ):
        ran = subprocess.run(
            ["/bin/sh", "-c", script],
            env={"BASE": base, "REQUIRE_DIGEST": strict},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code
        assert ("has no digest" in ran.stderr) is ("@" not in base)


def test_everybody_waits_longer_than_faqbot_needs_to_stop() -> None:
    app = compose()["services"]["app-1"]
    stop = int(app["environment"]["FAQBOT_SHUTDOWN_TIMEOUT"])
    assert seconds(app["stop_grace_period"]) > stop + KILL_MARGIN
    before = int(pod()["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    stop = int(kubernetes()["ConfigMap"]["data"]["FAQBOT_SHUTDOWN_TIMEOUT"])
    assert pod()["terminationGracePeriodSeconds"] > before + stop + KILL_MARGIN
    assert int(unit()["Service"]["TimeoutStopSec"][0]) > STOP_WITHIN + KILL_MARGIN


def test_kubernetes_looks_where_faqbot_tells() -> None:
    (container,) = pod()["containers"]
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in
             ("startup", "liveness", "readiness")}  # fmt: skip
    assert paths == {"startup": "/health", "liveness": "/health", "readiness": "/ready"}
    assert container["ports"] == [{"name": "http", "containerPort": PORT}]
    assert kubernetes()["ConfigMap"]["data"]["PORT"] == str(PORT)
    assert kubernetes()["Service"]["spec"]["ports"][0]["targetPort"] == "http"
    told = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert (told["prometheus.io/port"], told["prometheus.io/path"]) == (str(PORT), "/metrics")
    probe = container["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 120


def test_kubernetes_restricts_the_pod() -> None:
    """What the Pod Security Standard named restricted asks for, and a read-only file system."""
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["runAsUser"] == USER
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    (container,) = pod()["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}


def test_everything_of_kubernetes_finds_the_pods() -> None:
    labels = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert kubernetes()["Service"]["spec"]["selector"] == labels
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert kubernetes()[kind]["spec"]["selector"]["matchLabels"] == labels
    assert kubernetes()["Deployment"]["spec"]["replicas"] > 1
    names = {source["name"] for one in pod()["containers"][0]["envFrom"] for source in one.values()}
    assert names == {kubernetes()["ConfigMap"]["metadata"]["name"],
                     kubernetes()["Secret"]["metadata"]["name"]}  # fmt: skip


def test_only_the_ingress_and_the_metrics_reach_the_pods() -> None:
    policy = kubernetes()["NetworkPolicy"]["spec"]
    labels = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"] == labels
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": "http"}]
    names = [one["namespaceSelector"]["matchLabels"] for one in rule["from"]]
    assert [one["kubernetes.io/metadata.name"] for one in names] == ["ingress-nginx", "monitoring"]
    assert {port["port"] for port in policy["egress"][0]["ports"]} == {53, 443, 5432}


def test_the_examples_hold_no_secret() -> None:
    assert set(kubernetes()["Secret"]["stringData"].values()) == {""}
    assert not re.search(r"xox[a-z]-|xapp-", "".join(map(text_of, ("faqbot.env.example",))))


def test_the_ingress_leads_only_slacks_paths_inside() -> None:
    ((rule,),) = [kubernetes()["Ingress"]["spec"]["rules"]]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/slack", "Prefix")
    assert PATH.startswith("/slack/")
    told = kubernetes()["Ingress"]["metadata"]["annotations"]
    assert "non_idempotent" in told["nginx.ingress.kubernetes.io/proxy-next-upstream"]


def test_the_proxy_and_the_guard_take_payloads_of_the_same_size() -> None:
    (found,) = re.findall(r"client_max_body_size (\d+)m;", text_of("nginx.conf"))
    assert 0 <= int(found) * 2**20 - MAX_BYTES < 100_000


def test_systemd_keeps_it_running_and_shut_in() -> None:
    service = unit()["Service"]
    wanted = {
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "NoNewPrivileges": "yes",
        "StateDirectory": "faqbot",
        "CacheDirectory": "faqbot",
        "Restart": "always",
        "CapabilityBoundingSet": "",
        "EnvironmentFile": "/etc/faqbot/faqbot.env",
    }
    assert {key: service[key][-1] for key in wanted} == wanted
    assert unit()["Unit"]["StartLimitIntervalSec"] == ["0"]
    folder = dict(one.split("=") for one in service["Environment"][0].split())
    assert f"{folder['XDG_DATA_HOME']}/faqbot" == service["WorkingDirectory"][0]


def test_the_example_of_settings_can_be_read_by_all_who_read_it() -> None:
    """Docker and systemd know other rules for quotes and comments behind values: use neither."""
    for line in text_of("faqbot.env.example").splitlines():
        assert re.fullmatch(r"|# .*|#?[A-Z_]+=[^\s'\"]*", line), line


def test_what_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", text_of("compose.yaml")))
    assert asked == {"POSTGRES_PASSWORD"}
    assert "POSTGRES_PASSWORD=" in text_of("faqbot.env.example")
