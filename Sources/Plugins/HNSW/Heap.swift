/// A binary heap with the greatest element on top.
struct Heap<Element: Comparable & Sendable>: Sendable {
  private(set) var elements: [Element] = []

  var count: Int { elements.count }
  var top: Element? { elements.first }

  mutating func removeAll() { elements.removeAll(keepingCapacity: true) }

  mutating func push(_ element: Element) {
    elements.append(element)
    var heap = elements.mutableSpan
    var hole = heap.count - 1
    while hole > 0, heap[(hole - 1) / 2] < element {
      heap[hole] = heap[(hole - 1) / 2]
      hole = (hole - 1) / 2
    }
    heap[hole] = element
  }

  mutating func pop() -> Element? {
    guard let last = elements.popLast() else { return nil }
    return elements.isEmpty ? last : replaceTop(with: last)
  }

  /// Removes and returns the top of a heap that is not empty, and inserts an element. This is cheaper than a pop and a push.
  @discardableResult
  mutating func replaceTop(with element: Element) -> Element {
    var heap = elements.mutableSpan
    let top = heap[0]
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child] < heap[child + 1] { child += 1 }
      guard element < heap[child] else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = element
    return top
  }
}
