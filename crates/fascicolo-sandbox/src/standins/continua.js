// Sends the answer on by itself; without script the button does it.
document.getElementById("continua").form.submit();
