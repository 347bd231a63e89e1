// Package check holds the files of deploy against what reads them: the parser of docker compose, kustomize and the types of the
// Kubernetes API, systemd's own verifier. It is a module of its own, so that none of them becomes a dependency of the program.
package check

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// serve are the flags of the program's command serve, as environment variables.
var serve = sync.OnceValues(func() ([]string, error) {
	cmd := exec.Command("go", "run", "./cmd/rapporteur", "serve", "--help")
	cmd.Dir = filepath.Join("..", "..")
	help, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, help)
	}
	return regexp.MustCompile(`RAPPORTEUR_[A-Z_]+`).FindAllString(string(help), -1), nil
})

// known fails for a variable that the program would never look at.
func known(t *testing.T, where string, names ...string) {
	t.Helper()
	flags, err := serve()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "RAPPORTEUR_") && !slices.Contains(flags, name) {
			t.Errorf("%s sets %s, which serve does not know; it knows %s", where, name, strings.Join(flags, ", "))
		}
	}
}

func TestCompose(t *testing.T) {
	for file, nodes := range map[string][]string{"one-node.yaml": {"rapporteur"}, "cluster.yaml": {"node-1", "node-2"}} {
		options, err := cli.NewProjectOptions([]string{filepath.Join("..", "compose", file)},
			cli.WithEnv([]string{"RAPPORTEUR_TOKEN_KEY_FILE=/somewhere/token.key"}), cli.WithResolvedPaths(true))
		if err != nil {
			t.Fatal(err)
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, name := range nodes {
			service, err := project.GetService(name)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			for variable := range service.Environment {
				known(t, file, variable)
			}
			build := filepath.Join(service.Build.Context, service.Build.Dockerfile)
			if _, err := os.Stat(build); err != nil {
				t.Errorf("%s builds from what is not there: %v", file, err)
			}
			if grace := service.StopGracePeriod; grace == nil || *grace < types.Duration(10e9) {
				t.Errorf("%s kills %s before it has drained", file, name)
			}
		}
		proxy, err := project.GetService("proxy")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := *proxy.Environment["NODES"], strings.Join(nodes, ":8080 ")+":8080"; got != want {
			t.Errorf("%s: the proxy's nodes are %q, want %q", file, got, want)
		}
	}
}

func TestKubernetes(t *testing.T) {
	for _, dir := range []string{"one-node", "cluster"} {
		built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join("..", "kubernetes", dir))
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		text, err := built.AsYaml()
		if err != nil {
			t.Fatal(err)
		}
		pods := 0
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var kind struct{ Kind string }
			if err := yaml.Unmarshal(document, &kind); err != nil {
				t.Fatal(err)
			}
			strict := func(object any) {
				if err := yaml.UnmarshalStrict(document, object); err != nil {
					t.Errorf("%s: %s: %v", dir, kind.Kind, err)
				}
			}
			switch kind.Kind {
			case "StatefulSet":
				var o appsv1.StatefulSet
				strict(&o)
				pods++
				checkPod(t, dir, o.Spec.Template, o.Spec.Selector.MatchLabels, o.Spec.VolumeClaimTemplates)
				if *o.Spec.Replicas != 1 {
					t.Errorf("%s: %d processes on one store", dir, *o.Spec.Replicas)
				}
			case "Deployment":
				var o appsv1.Deployment
				strict(&o)
				pods++
				checkPod(t, dir, o.Spec.Template, o.Spec.Selector.MatchLabels, nil)
			case "Service":
				strict(&corev1.Service{})
			case "PodDisruptionBudget":
				strict(&policyv1.PodDisruptionBudget{})
			default:
				t.Errorf("%s has a %s, which nothing here checks", dir, kind.Kind)
			}
		}
		if pods != 1 {
			t.Errorf("%s starts %d kinds of pods", dir, pods)
		}
	}
}

func checkPod(t *testing.T, dir string, pod corev1.PodTemplateSpec, selector map[string]string, claims []corev1.PersistentVolumeClaim) {
	t.Helper()
	for label, value := range selector {
		if pod.Labels[label] != value {
			t.Errorf("%s: the pods have not the label %s that they are selected by", dir, label)
		}
	}
	volumes := map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range claims {
		volumes[c.Name] = true
	}
	container := pod.Spec.Containers[0]
	for _, v := range container.Env {
		known(t, dir, v.Name)
	}
	for _, m := range container.VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("%s mounts the volume %s, which it does not have", dir, m.Name)
		}
	}
	ports := map[string]bool{}
	for _, p := range container.Ports {
		ports[p.Name] = true
	}
	for name, probe := range map[string]*corev1.Probe{"liveness": container.LivenessProbe, "readiness": container.ReadinessProbe, "startup": container.StartupProbe} {
		if probe == nil || !ports[probe.HTTPGet.Port.StrVal] {
			t.Errorf("%s: the %s probe asks no port of the container", dir, name)
		}
	}
}

func TestSystemd(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join("..", "systemd", "rapporteur.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(RAPPORTEUR_[A-Z_]+)=`).FindAllSubmatch(unit, -1) {
		known(t, "rapporteur.service", string(m[1]))
	}
	// The verifier wants the program to be where the unit says.
	dir := t.TempDir()
	program := filepath.Join(dir, "rapporteur")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	here := filepath.Join(dir, "rapporteur.service")
	if err := os.WriteFile(here, bytes.ReplaceAll(unit, []byte("/usr/local/bin/rapporteur"), []byte(program)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", here).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, out)
	}
	out, err = exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", here).CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Errorf("systemd-analyze security: %v: %s", err, lines[len(lines)-1])
	}
}

// The image starts with nothing but the program, so each of its files must come from the build.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "container", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages := strings.Split(string(text), "\nFROM ")
	if len(stages) != 3 || !strings.HasPrefix(stages[2], "scratch\n") {
		t.Fatalf("the last of %d stages is not scratch", len(stages)-1)
	}
	for line := range strings.SplitSeq(stages[2], "\n") {
		if strings.HasPrefix(line, "COPY ") && !strings.HasPrefix(line, "COPY --from=build ") {
			t.Errorf("%s: not from the build", line)
		}
	}
	for _, m := range regexp.MustCompile(`(RAPPORTEUR_[A-Z_]+)=`).FindAllStringSubmatch(string(text), -1) {
		known(t, "Dockerfile", m[1])
	}
	root, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(root)
	if !strings.Contains(string(text), fmt.Sprintf("FROM golang:%s-", version[1])) {
		t.Errorf("the build does not use Go %s", version[1])
	}
}
