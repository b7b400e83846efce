import DistillTraining
import Dispatch
import Foundation

/// Handles SIGINT and SIGTERM: the first signal requests a stop, so that a checkpoint is saved, and the second one ends the program
/// at once.
final class Signals {
  let stop = StopRequest()
  private let sources: [any DispatchSourceSignal]

  /// - Parameters:
  ///   - first: What is said at the first signal.
  ///   - second: What is said at the second one, before the program ends.
  init(
    _ first: String = "stopping after this step; once more to stop at once",
    then second: String = "stopped at once; --resume goes on from the last checkpoint"
  ) {
    let stop = stop
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if stop.requested != nil { ExitStatus.quit(128 + number, second) }
        stop.stop(signal: number)
        Console.log(first, isAnswer: true)
      }
      source.resume()
      return source
    }
  }
}
