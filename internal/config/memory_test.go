package config

import (
	"testing"
	"testing/fstest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	const mib, gib = 1 << 20, 1 << 30
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	meminfo := file("MemTotal:        8388608 kB\nMemFree:         1 kB\n")
	for name, c := range map[string]struct {
		root fstest.MapFS
		env  map[string]string
		want Memory
	}{
		"another system": {fstest.MapFS{}, nil, Memory{}},
		"a machine": {fstest.MapFS{"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/user.slice\n")},
			nil, Memory{400, 4 * gib, "machine"}},
		"a container": {fstest.MapFS{"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("524288000\n")},
			nil, Memory{400, 400 * mib, "cgroup"}},
		"a service": {fstest.MapFS{"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/system.slice/kabinet.service\n"),
			"sys/fs/cgroup/system.slice/memory.max":                 file("1048576000\n"),
			"sys/fs/cgroup/system.slice/kabinet.service/memory.max": file("max\n")},
			nil, Memory{400, 800 * mib, "cgroup"}},
		"version 1 of cgroups": {fstest.MapFS{"proc/meminfo": meminfo, "proc/self/cgroup": file("5:cpu:/docker/ab\n4:memory:/docker/ab\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("524288000\n")},
			nil, Memory{400, 400 * mib, "cgroup"}},
		"version 1 without a limit": {fstest.MapFS{"proc/meminfo": meminfo, "proc/self/cgroup": file("4:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n")},
			nil, Memory{400, 4 * gib, "machine"}},
		"the operator's limit":      {fstest.MapFS{"proc/meminfo": meminfo}, map[string]string{"GOMEMLIMIT": "1GiB"}, Memory{GCPercent: 400}},
		"the operator's percentage": {fstest.MapFS{"proc/meminfo": meminfo}, map[string]string{"GOGC": "100"}, Memory{0, 4 * gib, "machine"}},
		"both":                      {fstest.MapFS{"proc/meminfo": meminfo}, map[string]string{"GOGC": "off", "GOMEMLIMIT": "1GiB"}, Memory{}},
		"set to nothing":            {fstest.MapFS{"proc/meminfo": meminfo}, map[string]string{"GOGC": ""}, Memory{400, 4 * gib, "machine"}},
		"damaged":                   {fstest.MapFS{"proc/meminfo": file("MemTotal: x kB\n"), "proc/self/cgroup": file("::\n0")}, nil, Memory{}},
	} {
		if got := memory(c.root, func(k string) (string, bool) { v, ok := c.env[k]; return v, ok }); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
