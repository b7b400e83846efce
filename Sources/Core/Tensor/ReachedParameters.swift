/// The part of a parameter that a contribution to its gradient applies to.
enum GradientExtent {
  case everything
  /// The rows of a table that were looked up.
  case rows([Int32], width: Int)
}

/// A record of what gradients have reached since they were last cleared: whole parameters, or rows of tables.
///
/// The gradient of everything else is zero. It therefore needs no clearing, adds nothing to the norm, and is not updated.
final class ReachedParameters {
  struct Reach {
    var isWhole = false
    var rows = TableRows()
    var isEmpty: Bool { !isWhole && rows.list.isEmpty }
  }

  private(set) var reaches: [Reach]
  init(count: Int) { reaches = Array(repeating: Reach(), count: count) }

  func add(_ extent: GradientExtent, to places: Range<Int>) {
    if places.count == 1, case .rows(let rows, let width) = extent {
      reaches[places.lowerBound].rows.insert(rows, width: width)
    } else {
      for place in places { reaches[place].isWhole = true }
    }
  }

  func clear() {
    for place in reaches.indices {
      reaches[place].isWhole = false
      reaches[place].rows.removeAll()
    }
  }
}

/// A set of rows of a table. Its cost depends on the number of rows in the set, not on the size of the table.
struct TableRows {
  private(set) var width = 0
  /// The rows in order of insertion, without repetition.
  private(set) var list: [Int] = []
  /// Whether each row is in the set. Rows beyond the end of this array are not.
  private(set) var flags: [Bool] = []

  func contains(_ row: Int) -> Bool { row < flags.count && flags[row] }

  mutating func insert(_ rows: [Int32], width: Int) {
    self.width = width
    for row in rows { insert(Int(row)) }
  }

  mutating func insert(_ row: Int) {
    if row >= flags.count { flags += Array(repeating: false, count: row + 1 - flags.count) }
    guard !flags[row] else { return }
    flags[row] = true
    list.append(row)
  }

  mutating func formUnion(_ other: TableRows) {
    width = other.width
    for row in other.list { insert(row) }
  }

  mutating func removeAll() {
    for row in list { flags[row] = false }
    list.removeAll(keepingCapacity: true)
  }
}
