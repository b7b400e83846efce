/// The Unicode properties that the reference tokenizer uses, written as text (see `UnicodeTables+Data.swift`).
///
/// They come from several versions of Unicode, all of them older than that of the standard library. Using the standard library's
/// properties would change the ids of some texts.
package enum UnicodeTables {
  package static let scalarCount = 0x110000

  /// An item of a table: the scalars `first, first + step, ... last` and the values that they are mapped to.
  package struct Item {
    package var first: UInt32 = 0
    package var last: UInt32 = 0
    package var step: UInt32 = 1
    package var values: [UInt32] = []

    package var scalars: StrideThrough<Int> { stride(from: Int(first), through: Int(last), by: Int(step)) }
  }

  /// Parses a table.
  ///
  /// Items are separated by spaces, and numbers are hexadecimal: `first-last/step>value,value`, of which only `first` is
  /// required.
  package static func items(_ table: String) -> [Item] {
    var items: [Item] = []
    var item = Item()
    var number: UInt32 = 0
    var sign = UInt8(ascii: " ")  // the sign before the current number

    func close() {
      switch sign {
      case UInt8(ascii: "-"): item.last = number
      case UInt8(ascii: "/"): item.step = number
      case UInt8(ascii: ">"), UInt8(ascii: ","): item.values.append(number)
      default: (item.first, item.last) = (number, number)
      }
      number = 0
    }
    for byte in table.utf8 {
      switch byte {
      case 0x30...0x39: number = number << 4 | UInt32(byte - 0x30)
      case 0x61...0x66: number = number << 4 | UInt32(byte - 0x57)
      default:
        close()
        sign = byte
        if byte == UInt8(ascii: " ") {
          items.append(item)
          item = Item()
        }
      }
    }
    close()
    items.append(item)
    return items
  }
}
