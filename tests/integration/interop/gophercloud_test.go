// SPDX-License-Identifier: Apache-2.0

// A Go client of the Bare Metal service, as Metal3 and Terraform have it: every call that
// gophercloud knows, on fake hardware. The service is at IRONIC_ENDPOINT and lets everybody in.
package interop

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/baremetal/apiversions"
	"github.com/gophercloud/gophercloud/openstack/baremetal/noauth"
	"github.com/gophercloud/gophercloud/openstack/baremetal/v1/allocations"
	"github.com/gophercloud/gophercloud/openstack/baremetal/v1/drivers"
	"github.com/gophercloud/gophercloud/openstack/baremetal/v1/nodes"
	"github.com/gophercloud/gophercloud/openstack/baremetal/v1/ports"
	"github.com/gophercloud/gophercloud/pagination"
)

const patience = 2 * time.Minute

func client(t *testing.T, version string) *gophercloud.ServiceClient {
	made, err := noauth.NewBareMetalNoAuth(noauth.EndpointOpts{IronicEndpoint: os.Getenv("IRONIC_ENDPOINT")})
	must(t, err)
	made.Microversion = version
	return made
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, wanted, found interface{}) {
	t.Helper()
	if fmt.Sprint(wanted) != fmt.Sprint(found) {
		t.Fatalf("wanted %v, found %v", wanted, found)
	}
}

// wait asks for the node until it is as wanted and nobody works on it.
func wait(t *testing.T, c *gophercloud.ServiceClient, id string, wanted func(*nodes.Node) bool) *nodes.Node {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		node, err := nodes.Get(c, id).Extract()
		must(t, err)
		if wanted(node) && node.Reservation == "" {
			return node
		}
		if time.Now().After(end) {
			t.Fatalf("the node stays %+v", node)
		}
	}
}

func newNode(t *testing.T, c *gophercloud.ServiceClient, name string) *nodes.Node {
	t.Helper()
	node, err := nodes.Create(c, nodes.CreateOpts{
		Name: name, Driver: "fake-hardware", ResourceClass: "go-" + name, RAIDInterface: "fake",
		DriverInfo: map[string]interface{}{"a": "b"}, Properties: map[string]interface{}{"cpus": 2},
		Extra: map[string]interface{}{"k": []int{1, 2}},
	}).Extract()
	must(t, err)
	t.Cleanup(func() {
		wait(t, c, node.UUID, func(*nodes.Node) bool { return true })
		_, err := nodes.Update(c, node.UUID, nodes.UpdateOpts{nodes.UpdateOperation{
			Op: nodes.ReplaceOp, Path: "/maintenance", Value: "true"}}).Extract()
		must(t, err)
		must(t, nodes.Delete(c, node.UUID).ExtractErr())
	})
	return node
}

func provision(t *testing.T, c *gophercloud.ServiceClient, id string, verb nodes.TargetProvisionState,
	state nodes.ProvisionState) *nodes.Node {
	t.Helper()
	must(t, nodes.ChangeProvisionState(c, id, nodes.ProvisionStateOpts{Target: verb}).ExtractErr())
	return wait(t, c, id, func(n *nodes.Node) bool { return n.ProvisionState == string(state) })
}

func names(t *testing.T, pager pagination.Pager) map[string]nodes.Node {
	found := map[string]nodes.Node{}
	must(t, pager.EachPage(func(page pagination.Page) (bool, error) {
		list, err := nodes.ExtractNodes(page)
		for _, node := range list {
			found[node.UUID] = node
		}
		return true, err
	}))
	return found
}

func TestVersions(t *testing.T) {
	c := client(t, "")
	c.Endpoint = c.Endpoint[:len(c.Endpoint)-len("v1/")]
	list, err := apiversions.List(c).Extract()
	must(t, err)
	same(t, "v1", list.Versions[0].ID)
	one, err := apiversions.Get(c, "v1").Extract()
	must(t, err)
	same(t, "v1", one.ID)
}

func TestNodes(t *testing.T) {
	c := client(t, "1.50")
	one, two := newNode(t, c, "one"), newNode(t, c, "two")
	same(t, "enroll [1 2] b", fmt.Sprintf("%s %v %v", one.ProvisionState, one.Extra["k"], one.DriverInfo["a"]))
	for _, pager := range []pagination.Pager{
		nodes.List(c, nodes.ListOpts{}), nodes.ListDetail(c, nodes.ListOpts{}),
		nodes.List(c, nodes.ListOpts{Fields: []string{"uuid,name"}, SortKey: "name", SortDir: "desc"})} {
		found := names(t, pager)
		if found[one.UUID].Name != "one" || found[two.UUID].Name != "two" {
			t.Fatalf("the list is %v", found)
		}
	}
	// gophercloud looks for the next page where no release of Ironic has it.
	same(t, 1, len(names(t, nodes.List(c, nodes.ListOpts{Limit: 1}))))
	same(t, 1, len(names(t, nodes.List(c, nodes.ListOpts{ResourceClass: "go-two"}))))
	changed, err := nodes.Update(c, one.UUID, nodes.UpdateOpts{
		nodes.UpdateOperation{Op: nodes.ReplaceOp, Path: "/name", Value: "uno"},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/extra/new", Value: map[string]int{"x": 1}},
		nodes.UpdateOperation{Op: nodes.RemoveOp, Path: "/extra/k"}}).Extract()
	must(t, err)
	same(t, "uno map[new:map[x:1]]", fmt.Sprint(changed.Name, " ", changed.Extra))
	_, err = nodes.Get(c, "nobody").Extract()
	if _, ok := err.(gophercloud.ErrDefault404); !ok {
		t.Fatalf("nobody is %v", err)
	}
	_, err = nodes.Create(c, nodes.CreateOpts{Name: "uno", Driver: "fake-hardware"}).Extract()
	if _, ok := err.(gophercloud.ErrDefault409); !ok {
		t.Fatalf("a second uno is %v", err)
	}
	_, err = nodes.Create(c, nodes.CreateOpts{Driver: "nothing"}).Extract()
	if _, ok := err.(gophercloud.ErrDefault400); !ok {
		t.Fatalf("a driver that is not there is %v", err)
	}
}

func TestHardware(t *testing.T) {
	c := client(t, "1.50")
	node := newNode(t, c, "hardware")
	valid, err := nodes.Validate(c, node.UUID).Extract()
	must(t, err)
	same(t, true, valid.Power.Result && valid.Deploy.Result)
	must(t, nodes.SetBootDevice(c, node.UUID, nodes.BootDeviceOpts{BootDevice: "pxe"}).ExtractErr())
	device, err := nodes.GetBootDevice(c, node.UUID).Extract()
	must(t, err)
	same(t, "pxe", device.BootDevice)
	devices, err := nodes.GetSupportedBootDevices(c, node.UUID).Extract()
	must(t, err)
	same(t, "[pxe]", devices)
	if err = nodes.InjectNMI(c, node.UUID).ExtractErr(); err == nil {
		t.Fatal("there is no NMI to inject")
	}
	for _, change := range []struct{ target, state string }{
		{"power on", "power on"}, {"rebooting", "power on"}, {"power off", "power off"}} {
		must(t, nodes.ChangePowerState(c, node.UUID, nodes.PowerStateOpts{
			Target: nodes.TargetPowerState(change.target), Timeout: 60}).ExtractErr())
		wait(t, c, node.UUID, func(n *nodes.Node) bool {
			return n.PowerState == change.state && n.TargetPowerState == ""
		})
	}
	size, root := 100, true
	must(t, nodes.SetRAIDConfig(c, node.UUID, nodes.RAIDConfigOpts{LogicalDisks: []nodes.LogicalDisk{
		{SizeGB: &size, IsRootVolume: &root, RAIDLevel: nodes.RAID5}}}).ExtractErr())
}

func TestProvisioning(t *testing.T) {
	c := client(t, "1.56")
	id := newNode(t, c, "provisioned").UUID
	provision(t, c, id, nodes.TargetManage, nodes.Manageable)
	must(t, nodes.ChangeProvisionState(c, id, nodes.ProvisionStateOpts{Target: nodes.TargetClean,
		CleanSteps: []nodes.CleanStep{{Interface: "bios", Step: "factory_reset"}}}).ExtractErr())
	wait(t, c, id, func(n *nodes.Node) bool { return n.ProvisionState == string(nodes.Manageable) })
	provision(t, c, id, nodes.TargetProvide, nodes.Available)
	must(t, nodes.ChangeProvisionState(c, id, nodes.ProvisionStateOpts{Target: nodes.TargetActive,
		ConfigDrive: nodes.ConfigDrive{MetaData: map[string]interface{}{"a": "b"}, UserData: "x"}}).ExtractErr())
	wait(t, c, id, func(n *nodes.Node) bool { return n.ProvisionState == string(nodes.Active) })
	provision(t, c, id, "rebuild", nodes.Active)
	if err := nodes.ChangeProvisionState(c, id, nodes.ProvisionStateOpts{
		Target: nodes.TargetProvide}).ExtractErr(); err == nil {
		t.Fatal("an active node is not provided")
	}
	node := provision(t, c, id, nodes.TargetDeleted, nodes.Available)
	same(t, "", node.LastError)
}

func TestPorts(t *testing.T) {
	c := client(t, "1.53")
	node := newNode(t, c, "ports")
	enabled := true
	port, err := ports.Create(c, ports.CreateOpts{NodeUUID: node.UUID, Address: "52:54:00:60:00:01",
		PXEEnabled: &enabled, PhysicalNetwork: "physnet",
		Extra: map[string]interface{}{"a": 1}}).Extract()
	must(t, err)
	for _, pager := range []pagination.Pager{
		ports.List(c, ports.ListOpts{NodeUUID: node.UUID}), ports.ListDetail(c, ports.ListOpts{Address: port.Address})} {
		count := 0
		must(t, pager.EachPage(func(page pagination.Page) (bool, error) {
			list, err := ports.ExtractPorts(page)
			count += len(list)
			return true, err
		}))
		same(t, 1, count)
	}
	changed, err := ports.Update(c, port.UUID, ports.UpdateOpts{ports.UpdateOperation{
		Op: ports.ReplaceOp, Path: "/address", Value: "52:54:00:60:00:02"}}).Extract()
	must(t, err)
	same(t, "52:54:00:60:00:02", changed.Address)
	found, err := ports.Get(c, port.UUID).Extract()
	must(t, err)
	same(t, "physnet true", fmt.Sprint(found.PhysicalNetwork, " ", found.PXEEnabled))
	must(t, ports.Delete(c, port.UUID).ExtractErr())
	if err = ports.Delete(c, port.UUID).ExtractErr(); err == nil {
		t.Fatal("it is deleted twice")
	}
}

func TestAllocations(t *testing.T) {
	c := client(t, "1.52")
	node := newNode(t, c, "allocated")
	provision(t, c, node.UUID, nodes.TargetManage, nodes.Manageable)
	provision(t, c, node.UUID, nodes.TargetProvide, nodes.Available)
	// Nodes without a known power state are not allocated.
	must(t, nodes.ChangePowerState(c, node.UUID, nodes.PowerStateOpts{Target: nodes.PowerOff}).ExtractErr())
	wait(t, c, node.UUID, func(n *nodes.Node) bool { return n.PowerState == "power off" && n.TargetPowerState == "" })
	for _, wanted := range []struct{ class, state string }{{"go-allocated", "active"}, {"none", "error"}} {
		made, err := allocations.Create(c, allocations.CreateOpts{Name: "of-" + wanted.class,
			ResourceClass: wanted.class}).Extract()
		must(t, err)
		for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
			made, err = allocations.Get(c, made.UUID).Extract()
			must(t, err)
			if made.State != "allocating" || time.Now().After(end) {
				break
			}
		}
		same(t, wanted.state, made.State)
		count := 0
		must(t, allocations.List(c, allocations.ListOpts{ResourceClass: wanted.class}).EachPage(
			func(page pagination.Page) (bool, error) {
				list, err := allocations.ExtractAllocations(page)
				count += len(list)
				return true, err
			}))
		same(t, 1, count)
		must(t, allocations.Delete(c, made.UUID).ExtractErr())
	}
}

func TestDrivers(t *testing.T) {
	c := client(t, "1.50")
	count := 0
	must(t, drivers.ListDrivers(c, drivers.ListDriversOpts{Detail: true}).EachPage(
		func(page pagination.Page) (bool, error) {
			list, err := drivers.ExtractDrivers(page)
			for _, driver := range list {
				same(t, "fake-hardware dynamic fake", driver.Name+" "+driver.Type+" "+driver.DefaultBootInterface)
				count++
			}
			return true, err
		}))
	same(t, 1, count)
	one, err := drivers.GetDriverDetails(c, "fake-hardware").Extract()
	must(t, err)
	same(t, 1, len(one.Hosts))
	_, err = drivers.GetDriverProperties(c, "fake-hardware").Extract()
	must(t, err)
	disks, err := drivers.GetDriverDiskProperties(c, "fake-hardware").Extract()
	must(t, err)
	if _, has := (*disks)["raid_level"]; !has {
		t.Fatalf("the properties of disks are %v", disks)
	}
}
