"""What TensorBoard's reader finds in a run's event files."""

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c as slow
from tensorboard.summary.writer import record_writer
from tensorboard.util.tensor_util import make_ndarray
from torch.utils.tensorboard import SummaryWriter

from ganlab.events import masked_crc32c


@pytest.mark.parametrize("data", [b"", b"\0", b"123456789", bytes(range(256)) * 99])
def test_the_checksum_is_that_of_tensorboard(data):
    assert masked_crc32c(data) == slow(data)


def test_records_are_written_with_it_and_read_again(tmp_path):
    assert record_writer.masked_crc32c is masked_crc32c
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("loss", 0.5, 7)
    (file,) = tmp_path.iterdir()
    events = [event for event in EventFileLoader(str(file)).Load() if event.summary.value]
    assert [event.step for event in events] == [7]
    assert make_ndarray(events[0].summary.value[0].tensor) == 0.5
