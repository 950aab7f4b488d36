"""A BlueZ of python3-dbusmock with one adapter and one device, whose GATT server is a device process at
an AF_UNIX socket (tools/otaimg/att_socket.h).

Parameters: socket; uuids: [service, feature, control, data]; and to misbehave:
adapter: "on", "off", "none"; known: whether the device is there before it is searched for; heard:
whether a search finds it; paired; service: whether it has the OTA service; connect, pair, write,
notify: names of the error that the call gives.
"""
import socket
import struct

import dbus
from gi.repository import GLib

from dbusmock import mockobject

BUS_NAME = 'org.bluez'
MAIN_OBJ = '/'
SYSTEM_BUS = True
IS_OBJECT_MANAGER = True

ADAPTER = 'org.bluez.Adapter1'
DEVICE = 'org.bluez.Device1'
SERVICE = 'org.bluez.GattService1'
GATT = 'org.bluez.GattCharacteristic1'

ADDRESS = 'C0:FF:EE:12:34:56'
ADAPTER_PATH = '/org/bluez/hci0'
DEVICE_PATH = ADAPTER_PATH + '/dev_' + ADDRESS.replace(':', '_')
SERVICE_PATH = DEVICE_PATH + '/service0100'
FEATURE_PATH = SERVICE_PATH + '/char0101'
CONTROL_PATH = SERVICE_PATH + '/char0103'
DATA_PATH = SERVICE_PATH + '/char0106'
CHANNELS = [CONTROL_PATH, DATA_PATH]

SUBSCRIBE, READ_FEATURE, WRITE, WRITE_COMMAND = range(1, 5)
CONNECTED, SUBSCRIBED, FEATURE, WRITTEN, NOTIFIED = range(0x81, 0x86)

parameters = {}
link = None
watch = None


def update(path, interface, properties):
    mockobject.objects[path].UpdateProperties(interface, properties)


def error(name, message='mock'):
    return dbus.exceptions.DBusException(message, name=name)


def refuse_as_told(what):
    if what in parameters:
        raise error(parameters[what])


def add_device(mock):
    mock.AddObject(DEVICE_PATH, DEVICE, {
        'Address': ADDRESS,
        'Adapter': dbus.ObjectPath(ADAPTER_PATH),
        'Paired': dbus.Boolean(parameters.get('paired', True)),
        'Connected': dbus.Boolean(False),
        'ServicesResolved': dbus.Boolean(False),
    }, [])
    mock.object_manager_emit_added(DEVICE_PATH)


def load(mock, given):
    parameters.update(given)
    if parameters.get('adapter', 'on') != 'none':
        mock.AddObject(ADAPTER_PATH, ADAPTER,
                       {'Powered': dbus.Boolean(parameters.get('adapter', 'on') == 'on')}, [])
        if parameters.get('known', True):
            add_device(mock)


def add_service(mtu):
    mock = mockobject.objects[MAIN_OBJ]
    service, feature, control, data = parameters['uuids']
    if SERVICE_PATH in mockobject.objects or not parameters.get('service', True):
        return
    mock.AddObject(SERVICE_PATH, SERVICE,
                   {'UUID': service, 'Device': dbus.ObjectPath(DEVICE_PATH)}, [])
    for path, uuid in (FEATURE_PATH, feature), (CONTROL_PATH, control), (DATA_PATH, data):
        mock.AddObject(path, GATT, {
            'UUID': uuid,
            'Service': dbus.ObjectPath(SERVICE_PATH),
            'MTU': dbus.UInt16(mtu),
            'Value': dbus.Array([], signature='y'),
        }, [])


# ---- the link ---------------------------------------------------------------------------------------

def receive():
    """One message, or None when the link is over."""
    packet = link.recv(600)
    return (packet[0], packet[1], packet[2:]) if len(packet) >= 2 else None


def lose_link():
    global link
    if link is not None:
        GLib.source_remove(watch)
        link.close()
        link = None
        update(DEVICE_PATH, DEVICE, {'Connected': dbus.Boolean(False),
                                     'ServicesResolved': dbus.Boolean(False)})


def take(message):
    kind, flag, body = message
    assert kind == NOTIFIED, kind
    update(CHANNELS[flag], GATT, {'Value': dbus.Array(body, signature='y')})


def on_readable(_source, _condition):
    message = receive()
    if message is None:
        lose_link()
        return False
    take(message)
    return True


def ask(kind, flag, body, answer):
    """Sends a message and waits for its answer; notifications may come first."""
    if link is None:
        raise error('org.bluez.Error.NotConnected')
    link.send(bytes([kind, flag]) + body)
    while answer is not None:
        message = receive()
        if message is None:
            lose_link()
            raise error('org.bluez.Error.Failed', 'link lost')
        if message[0] == answer:
            if message[1] != 1:
                raise error('org.bluez.Error.Failed', 'ATT error')
            return message[2]
        take(message)
    return b''


# ---- methods ----------------------------------------------------------------------------------------

@dbus.service.method(ADAPTER, in_signature='', out_signature='')
def StartDiscovery(self):
    self.log('StartDiscovery')
    if DEVICE_PATH not in mockobject.objects and parameters.get('heard', True):
        GLib.timeout_add(50, lambda: add_device(mockobject.objects[MAIN_OBJ]))


@dbus.service.method(ADAPTER, in_signature='', out_signature='')
def StopDiscovery(self):
    self.log('StopDiscovery')


@dbus.service.method(DEVICE, in_signature='', out_signature='')
def Connect(self):
    global link, watch
    refuse_as_told('connect')
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        link.connect(parameters['socket'])
    except OSError:
        link = None
        raise error('org.bluez.Error.Failed', 'le-connection-abort-by-local') from None
    kind, _, body = receive()
    assert kind == CONNECTED
    add_service(struct.unpack('<HH', body)[0])
    watch = GLib.io_add_watch(link.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP,
                              on_readable)
    update(DEVICE_PATH, DEVICE, {'Connected': dbus.Boolean(True)})
    GLib.timeout_add(20, lambda: update(DEVICE_PATH, DEVICE,
                                        {'ServicesResolved': dbus.Boolean(True)}))


@dbus.service.method(DEVICE, in_signature='', out_signature='')
def Disconnect(_self):
    if link is None:
        raise error('org.bluez.Error.NotConnected')
    lose_link()


@dbus.service.method(DEVICE, in_signature='', out_signature='')
def Pair(_self):
    refuse_as_told('pair')
    update(DEVICE_PATH, DEVICE, {'Paired': dbus.Boolean(True)})


@dbus.service.method(GATT, in_signature='', out_signature='')
def StartNotify(self):
    refuse_as_told('notify')
    ask(SUBSCRIBE, CHANNELS.index(self.path), b'', SUBSCRIBED)


@dbus.service.method(GATT, in_signature='a{sv}', out_signature='ay')
def ReadValue(self, _options):
    assert self.path == FEATURE_PATH
    return dbus.Array(ask(READ_FEATURE, 0, b'', FEATURE), signature='y')


@dbus.service.method(GATT, in_signature='aya{sv}', out_signature='')
def WriteValue(self, value, options):
    refuse_as_told('write')
    if options['type'] == 'request' and self.path == CONTROL_PATH:
        ask(WRITE, 0, bytes(value), WRITTEN)
    elif options['type'] == 'command' and self.path == DATA_PATH:
        ask(WRITE_COMMAND, 0, bytes(value), None)
    else:
        raise error('org.bluez.Error.NotSupported')
