/// Where in a parameter a contribution to its gradient arrived.
enum GradientExtent {
  case everything
  /// Rows of a table that were looked up.
  case rows([Int32], width: Int)
}

/// What a loss reached since the gradients were cleared: whole parameters, or rows of tables.
///
/// All else has a gradient of zero, so it needs no clearing, has no share of the norm, and no step of its own.
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

/// Some rows of a table.
struct TableRows {
  private(set) var width = 0
  /// In order of arrival, each once.
  private(set) var list: [Int] = []
  /// Whether a row is among them; rows behind the end are not.
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
