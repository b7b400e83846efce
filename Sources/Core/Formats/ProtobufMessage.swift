/// A message in the wire format of protocol buffers, with the kinds of fields that event files and models need.
package struct ProtobufMessage {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func add(_ field: Int, integer: Int) {
    key(field, 0)
    varint(UInt64(bitPattern: Int64(integer)))
  }
  package mutating func add(_ field: Int, double: Double) {
    key(field, 1)
    bytes += littleEndian(double.bitPattern)
  }
  package mutating func add(_ field: Int, float: Float) {
    key(field, 5)
    bytes += littleEndian(float.bitPattern)
  }
  package mutating func add(_ field: Int, text: String) { add(field, Array(text.utf8)) }
  package mutating func add(_ field: Int, message: ProtobufMessage) { add(field, message.bytes) }

  /// Appends the beginning of a field whose content is not kept in memory: the caller writes it behind this message.
  package mutating func begin(_ field: Int, contentCount: Int) {
    key(field, 2)
    varint(UInt64(contentCount))
  }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    begin(field, contentCount: content.count)
    bytes += content
  }

  private mutating func key(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

  /// Appends a number, seven bits in each byte, the lowest ones first. The highest bit of a byte tells that more follow.
  private mutating func varint(_ number: UInt64) {
    var rest = number
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
